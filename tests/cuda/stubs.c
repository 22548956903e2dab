/* What autograd asks of CUDA's runtime and driver when it starts. There is no device: nothing is computed. */
#include <stdlib.h>

#define DONE(name, ...) int name(__VA_ARGS__) { return 0; }
#define GIVES(name, type, value, ...) int name(__VA_ARGS__) { *(type) out = value; return 0; }

GIVES(cudaGetDeviceCount, int *, 1, void *out)
GIVES(cudaGetDevice, int *, 0, void *out)
GIVES(cudaStreamIsCapturing, int *, 0, void *stream, void *out)
GIVES(cudaStreamCreateWithPriority, void **, malloc(8), void *out, unsigned flags, int priority)
GIVES(cudaEventCreateWithFlags, void **, malloc(8), void *out, unsigned flags)
GIVES(cuDevicePrimaryCtxGetState, int *, 0, int device, unsigned *flags, void *out)
DONE(cudaSetDevice, int device)
DONE(cudaGetLastError, void)
DONE(cudaPeekAtLastError, void)
DONE(cudaThreadExchangeStreamCaptureMode, void *mode)
DONE(cudaEventRecord, void *event, void *stream)
DONE(cudaEventRecordWithFlags, void *event, void *stream, unsigned flags)
DONE(cudaEventQuery, void *event)
DONE(cudaEventDestroy, void *event)
DONE(cudaEventSynchronize, void *event)
DONE(cudaStreamWaitEvent, void *stream, void *event, unsigned flags)
DONE(cudaStreamQuery, void *stream)
DONE(cudaStreamSynchronize, void *stream)
DONE(cudaDeviceSynchronize, void)
DONE(cuInit, unsigned flags)

int cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
    if (least) *least = 0;
    if (greatest) *greatest = -1;
    return 0;
}

int cuGetErrorString(int error, const char **text) {
    *text = "no error";
    return 0;
}

# The program with all that its commands need, for CPUs or, with DEVICE=cuda, NVIDIA GPUs:
#   docker build -t reid .
#   docker build -t reid:cuda --build-arg DEVICE=cuda .
# Data, runs and whatever else is to last are mounted; the user in the container has the id 1000:
#   docker run --rm --shm-size 2g -v "$PWD/logs:/app/logs" reid tools/train.py --config_file configs/demo.yml
#   docker run --rm --shm-size 2g --gpus all -v "$PWD/data:/app/data/sets" -v "$PWD/logs:/app/logs" reid:cuda \
#       tools/train.py --IMS_PER_BATCH 64 DATASETS.ROOT_DIR data/sets
# compose.yaml serves the page of the search, with a Milvus server.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS packages
ARG DEVICE=cpu
# Another mirror of PyPI: --build-arg PIP_INDEX_URL=https://pypi.tuna.tsinghua.edu.cn/simple
ARG PIP_INDEX_URL=https://pypi.org/simple
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.txt requirements-search.txt requirements-export.txt ./
# Without what only the tests need: what follows the first empty line, or stands below its comment.
RUN python -m venv /venv \
    && sed -i '/^$/,$d' requirements.txt \
    && sed -i '/^# for the tests/,/^$/d' requirements-search.txt \
    && grep -E '^(torch|torchvision)>' requirements.txt > torch.txt
# For Linux, PyPI's torch is the one with CUDA; that for CPUs alone, a tenth of its size, has an index of its own.
RUN if [ "$DEVICE" = cpu ]; then export PIP_INDEX_URL=https://download.pytorch.org/whl/cpu; fi \
    && /venv/bin/pip install -r torch.txt
# No window is opened here: OpenCV's build without them, which needs no libGL, replaces the one that packages ask for.
RUN /venv/bin/pip install -r requirements.txt -r requirements-search.txt -r requirements-export.txt \
    && /venv/bin/pip uninstall --yes opencv-python \
    && /venv/bin/pip install --force-reinstall --no-deps "opencv-python-headless>=4.9" \
    && /venv/bin/python -c "import cv2, torch, torchvision"

FROM python:${PYTHON}-slim
RUN useradd --create-home --uid 1000 reid \
    && install --directory --owner=1000 --group=1000 /app /app/data /app/logs /app/gallery /app/videos
COPY --from=packages /venv /venv
WORKDIR /app
COPY --chown=1000:1000 . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1
USER 1000:1000
ENTRYPOINT ["python"]
CMD ["tools/doctor.py"]

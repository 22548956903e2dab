"""Opening networks in ONNX files."""

import hashlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from utils.errors import InputError
from utils.onnx_session import network_sha256, open_session

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def write_sum(folder, weights: np.ndarray, beside: str | None = None):
    """A network that adds weights to its input; the weights in a file beside it, if that has a name."""
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    info = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, weights.shape) for name in "xy"]
    graph = onnx.helper.make_graph(
        [node], "sum", info[:1], info[1:], [onnx.numpy_helper.from_array(weights, "w")]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    folder.mkdir(exist_ok=True)
    file = folder / "\u7f51\u7edc.onnx"
    onnx.save(model, file, save_as_external_data=beside is not None, location=beside, size_threshold=0)
    return file


@pytest.mark.parametrize("beside", [None, "weights.data"])
def test_weights_in_the_file_or_beside_it_are_read_from_any_folder(tmp_path, monkeypatch, beside):
    weights = np.arange(300, dtype=np.float32)
    file = write_sum(tmp_path / "a", weights, beside)
    assert (tmp_path / "a" / "weights.data").exists() == (beside is not None)
    monkeypatch.chdir(tmp_path)
    for path in (file, file.relative_to(tmp_path)):
        session = open_session(onnxruntime, path, cuda=False, threads=1)
        assert np.array_equal(session.run(None, {"x": weights})[0], weights + weights)


def test_what_is_no_network_is_said_in_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot read .*no.onnx: No such file"):
        open_session(onnxruntime, tmp_path / "no.onnx", cuda=False, threads=1)
    file = write_sum(tmp_path / "a", np.ones(300, np.float32), "weights.data")
    (tmp_path / "a" / "weights.data").unlink()
    with pytest.raises(InputError, match="cannot be loaded as ONNX .*weights.data") as error:
        open_session(onnxruntime, file, cuda=False, threads=1)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["net.data", "parts/" + 150 * "w"])
def test_the_fingerprint_of_a_network_is_also_of_its_weights_beside_it(tmp_path, name):
    files = []
    for folder, value in (("a", 1), ("b", 2)):
        (tmp_path / folder / "parts").mkdir(parents=True)
        files.append(write_sum(tmp_path / folder, np.full(300, value, np.float32), name))
    assert files[0].read_bytes() == files[1].read_bytes()
    one, two = map(network_sha256, files)
    assert one != two
    (tmp_path / "a" / "x").write_text("a file that is none of the network's, though its letter is in it")
    assert network_sha256(files[0]) == one
    shutil.copy(tmp_path / "b" / name, tmp_path / "a" / name)
    assert network_sha256(files[0]) == two


def test_the_fingerprint_of_a_network_in_one_file_is_that_of_the_file(tmp_path):
    file = write_sum(tmp_path / "a", np.ones(300, np.float32))
    assert network_sha256(file) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_network_that_should_run_on_the_gpu_and_does_not_is_said_in_one_line(tmp_path, caplog_loguru):
    def on_cpu(content, options, providers):
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    available = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    runtime = SimpleNamespace(
        SessionOptions=onnxruntime.SessionOptions,
        InferenceSession=on_cpu,
        get_available_providers=lambda: available,
    )
    file = write_sum(tmp_path / "a", np.ones(300, np.float32))
    open_session(runtime, file, cuda=False, threads=1)
    assert not caplog_loguru
    open_session(runtime, file, cuda=True, threads=1)
    (line,) = caplog_loguru
    assert f"{file} runs on the CPU: onnxruntime could not start CUDA" in line and line.count("\n") == 1

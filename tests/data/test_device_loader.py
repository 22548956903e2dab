"""Batches as the network reads them, and the random numbers that they are drawn with."""

import multiprocessing

import pytest
import torch

from data import DeviceLoader, make_data_loader, make_train_loader, read_dataset
from data.images import Batch
from utils.device import network_dtype
from utils.errors import InputError

CPU = torch.device("cpu")
AUGMENTED = ["INPUT.AUTOAUG", "randaugment", "INPUT.AUTOAUG_PROB", "0.5", "SOLVER.IMS_PER_BATCH", "16"]


def same(a: Batch, b: Batch) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a[:4], b[:4], strict=True)) and a.bad == b.bad


def test_make_data_loader(tiny, load):
    cfg = load(*tiny, "SOLVER.IMS_PER_BATCH", "16", "TEST.IMS_PER_BATCH", "5")
    train_loader, val_loader, num_query, num_classes = make_data_loader(cfg)
    assert num_classes == 16
    dtype = network_dtype(CPU, cfg.SOLVER.AMP)
    for loader in (train_loader, val_loader):
        assert isinstance(loader, DeviceLoader) and loader.device == CPU and loader.dtype == dtype
    train_loader.set_epoch(1)
    batch = next(iter(train_loader))
    assert batch.images.shape == (16, 3, 64, 32) and batch.images.dtype == dtype
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert all((batch.pids == pid).sum() == 4 for pid in batch.pids)
    assert [b.indices.tolist() for b in train_loader][0] == batch.indices.tolist(), (
        "an epoch's order is its own"
    )
    indices = torch.cat([b.indices for b in val_loader])
    assert indices.tolist() == list(range(len(val_loader.dataset.records)))
    assert all("/query/" in r.path for r in val_loader.dataset.records[:num_query])
    assert all("/bounding_box_test/" in r.path for r in val_loader.dataset.records[num_query:])


@pytest.mark.parametrize("amp", ["yes", "no"])
def test_images_are_those_of_the_files_transformed(tiny, load, amp):
    cfg = load(*tiny, *AUGMENTED, "SOLVER.AMP", amp)
    train_loader, val_loader, _, _ = make_data_loader(cfg)
    assert train_loader.dtype == network_dtype(CPU, amp == "yes")
    for loader in (train_loader, val_loader):
        if loader is train_loader:
            loader.set_epoch(3)
        found = list(loader)
        if loader is train_loader:
            loader.set_epoch(3)
        plain = [b._replace(images=loader.transform(b.images, loader.dtype)) for b in loader.loader]
        assert all(map(same, found, plain)) and len(found) == len(plain) == len(loader)


def test_the_augmentation_is_that_of_its_seed_and_epoch(tiny, load):
    """The same pictures as from a generator that is seeded by hand and drawn from batch by batch."""
    cfg = load(*tiny, *AUGMENTED, "SEED", "7")
    loader = make_train_loader(cfg, read_dataset(cfg))
    loader.set_epoch(2)
    found = list(loader)
    loader.loader.batch_sampler.set_epoch(2)
    loader.transform.generator = torch.Generator().manual_seed(7 * 100_003 + 2)
    for batch, raw in zip(found, loader.loader, strict=True):
        assert torch.equal(batch.images, loader.transform(raw.images, loader.dtype))


class Events:
    """What happens on a pretended side stream, in order."""

    def __init__(self, monkeypatch):
        self.log = []
        stream = type("Stream", (), {"wait_stream": lambda _, other: self.log.append("side waits")})()
        current = type("Stream", (), {"wait_stream": lambda _, other: self.log.append("main waits")})()
        monkeypatch.setattr("data.device_loader._side_stream", lambda device: stream)
        monkeypatch.setattr("torch.cuda.current_stream", lambda device: current)
        monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, s: self.log.append("kept"))

        class Context:
            def __init__(context, stream):
                assert stream is not None

            def __enter__(context):
                self.log.append("on side")

            def __exit__(context, *error):
                self.log.append("on main")

        monkeypatch.setattr("torch.cuda.stream", Context)


@pytest.mark.parametrize("side_stream", [False, True])
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_state_is_that_from_which_the_next_batch_is_drawn(tiny, load, monkeypatch, side_stream, workers):
    """Also on a GPU, where batches are made ready on a stream of their own: nothing is drawn ahead."""
    words = [*AUGMENTED, "DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", workers]
    cfg = load(*tiny, *words)
    dataset = read_dataset(cfg)
    if side_stream:
        Events(monkeypatch)
    loader = make_train_loader(cfg, dataset)
    loader.set_epoch(1)
    whole, states = [], []
    for batch in loader:
        whole.append(batch)
        states.append(loader.state_dict())
    for done in (1, 3, len(whole) - 1):
        resumed = make_train_loader(cfg, dataset)
        resumed.load_state_dict(states[done - 1])
        resumed.set_epoch(1, done)
        rest = list(resumed)
        assert len(rest) == len(whole) - done and all(map(same, rest, whole[done:]))
        assert torch.equal(resumed.state_dict()["generator"], states[-1]["generator"])


def test_other_images_are_refused(tiny, load):
    cfg = load(*tiny, *AUGMENTED)
    dataset = read_dataset(cfg)
    loader = make_train_loader(cfg, dataset)
    state = loader.state_dict()
    dataset.train[5] = dataset.train[5]._replace(pid=99)
    with pytest.raises(InputError, match="not those that this run began with"):
        loader.load_state_dict(state)


def test_a_batch_is_made_ready_on_the_side_and_waited_for_before_it_is_handed_over(monkeypatch):
    events = Events(monkeypatch)
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)

    class Loader:
        def __iter__(self):
            for number in (1, 2):
                events.log.append(f"read {number}")
                yield Batch(images, *[torch.zeros(2, dtype=torch.int64)] * 3, [])

    def transform(images, dtype):
        events.log.append("transform")
        return images.to(dtype)

    loader = DeviceLoader(Loader(), transform, CPU)
    for batch in loader:
        assert batch.images.dtype == torch.float32
        events.log.append("train")
    ready = ["on side", "read", "transform", "on main", "main waits", *["kept"] * 4, "train"]
    assert [event.split(" 1")[0].split(" 2")[0] for event in events.log] == [
        "side waits",
        *ready,
        *ready,
        "on side",
        "on main",
    ]


def test_only_what_is_asked_for_is_read():
    """The batch that is ready is handed over before the next is waited for."""

    class Counting:
        read = 0

        def __iter__(self):
            for _ in range(5):
                self.read += 1
                yield Batch(torch.zeros(1, 3, 4, 4, dtype=torch.uint8), *torch.zeros(3, 1), [])

    source = Counting()
    for number, _ in enumerate(DeviceLoader(source, lambda images, dtype: images, CPU), 1):
        assert source.read == number


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu():
    gpu = torch.device("cuda", torch.cuda.current_device())
    numbers = [torch.full((2, 3, 64, 64), i, dtype=torch.uint8).pin_memory() for i in range(20)]
    batches = [Batch(n, *[n[:, 0, 0, 0].long().pin_memory()] * 3, []) for n in numbers]
    loader = DeviceLoader(batches, lambda images, dtype: images.to(dtype), gpu, torch.bfloat16)
    for i, batch in enumerate(loader):
        assert batch.images.device == gpu and (batch.images == i).all() and (batch.pids == i).all()
        assert batch.images.dtype == torch.bfloat16
    assert i == 19


@pytest.mark.parametrize("part", ["train", "val"])
def test_spawned_processes_read_the_same_batches_as_forked_ones(tiny, load, part):
    """As on Windows: all that a reading process gets goes through pickle."""
    words = ["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "2", "TEST.IMS_PER_BATCH", "5"]
    cfg = load(*tiny, *AUGMENTED, *words)
    train_loader, val_loader, _, _ = make_data_loader(cfg)
    loader = train_loader if part == "train" else val_loader
    found = {}
    for start in {"spawn", "fork"} & set(multiprocessing.get_all_start_methods()):
        loader.loader.multiprocessing_context = start
        loader.loader._iterator = None  # the processes that stay from epoch to epoch
        found[start] = []
        for epoch in (1, 2) if part == "train" else (1,):
            if part == "train":
                loader.set_epoch(epoch)
            found[start] += list(loader)
    for batches in found.values():
        assert len(batches) in (len(loader), 2 * len(loader)) and all(map(same, batches, found["spawn"]))

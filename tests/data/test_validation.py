import time

import pytest

from config import load_cfg
from data import make_data_loader
from data.datasets import Names, Record, ReidDataset
from data.validation import Finding, batch_findings, check_queries, quick_findings, report_quickly
from tests.conftest import SMALL_NET
from tests.data.custom_data import write_images
from utils.errors import InputError


def dataset(query, gallery, train=(), **names) -> ReidDataset:
    """Records from (person, camera) pairs."""
    parts = ([Record("", pid, camid) for pid, camid in part] for part in (train, query, gallery))
    return ReidDataset("toy", *parts, **names)


def cfg(*words):
    return load_cfg([*SMALL_NET, *words])


# Person 1 can be found; 2 is in the gallery under the query's own camera only; 3 is not in it at all.
QUERY = [(1, 0), (2, 4), (2, 4), (3, 0), (3, 1), (3, 0)]
GALLERY = [(1, 0), (1, 1), (2, 4), (0, 3)]


def test_queries_that_never_match_are_named():
    names = Names({3: "王五"}, {4: "hall"})
    absent, hidden = quick_findings(dataset(QUERY, GALLERY, names=names), cfg())
    assert not absent.is_error and not hidden.is_error
    assert absent.what.startswith("3 of 6 queries have no match, as their person is not in the gallery")
    assert absent.names == ["王五 (camera 1)", "王五 (camera 2)"]
    assert hidden.what.startswith("2 of 6 queries have no match") and "own camera only" in hidden.what
    assert hidden.names == ["2 (camera hall)"]
    assert "TEST.SAME_CAMERA keep" in hidden.fix


def test_matches_of_the_same_camera_count_if_the_settings_say_so():
    (absent,) = quick_findings(dataset(QUERY, GALLERY), cfg("TEST.SAME_CAMERA", "keep"))
    assert absent.what.startswith("3 of 6")


def test_no_query_with_a_match_is_an_error():
    toy = dataset(QUERY[1:], GALLERY)
    (finding,) = quick_findings(toy, cfg())
    assert finding.is_error and finding.what.startswith(
        "none of 5 queries can have a match (of 3, the person"
    )
    assert finding.names == ["2 (camera 5)", "3 (camera 1)", "3 (camera 2)"]
    with pytest.raises(
        InputError, match="none of 5 queries .*of 2, it is there under.*DATASETS.TEST_NAME"
    ) as error:
        report_quickly(toy, cfg())
    assert "\n" not in str(error.value)


def test_people_of_whom_there_is_little():
    train = [(0, 0), (1, 0), (1, 0), (2, 0), (2, 1)]
    names = Names({0: "ann", 1: "bob"})
    single, one_camera = quick_findings(dataset([(9, 0)], [(9, 1)], train, train_names=names), cfg())
    assert single.what == "1 of 3 people in train has one image" and single.names == ["ann"]
    assert one_camera.what == "1 of 3 people in train was seen by one camera only"
    assert one_camera.names == ["bob"]
    # Data from one camera, or without camera ids: nothing to say.
    assert quick_findings(dataset([(9, 0)], [(9, 1)], [(0, 0), (0, 0)]), cfg()) == []


def test_people_in_training_and_testing():
    names = Names({5: "eve"})
    toy = dataset([(5, 0), (6, 0)], [(5, 1), (6, 1)], [(5, 0), (5, 1)], names=names, train_names=names)
    (finding,) = quick_findings(toy, cfg())
    assert finding.what == "1 person is in train and in query or gallery" and finding.names == ["eve"]
    # Classes of training and ids of testing, which need not be the same people.
    assert quick_findings(dataset([(5, 0)], [(5, 1)], [(5, 0), (5, 1)]), cfg()) == []


def test_batches_that_cannot_be_drawn():
    toy = dataset([(9, 0)], [(9, 1)], [(0, 0), (0, 0), (1, 0), (1, 1)])
    (finding,) = batch_findings(toy, cfg("--IMS_PER_BATCH", "16"))
    assert finding.is_error and "needs 4 identities, the training set has 2" in finding.what
    assert "lower SOLVER.IMS_PER_BATCH" in finding.fix
    assert batch_findings(toy, cfg("--IMS_PER_BATCH", "8")) == []
    (finding,) = batch_findings(dataset([(9, 0)], [(9, 1)]), cfg())
    assert not finding.is_error and finding.what == "no training images"


def test_a_finding_is_one_line_with_the_first_names():
    finding = Finding(False, "2 things", list("abcd"), "fix them")
    assert finding.line() == "2 things: a, b, c, …; fix them"
    assert finding.line(4) == "2 things: a, b, c, d; fix them"


def test_training_warns_and_stops_before_it_starts(tmp_path, caplog_loguru):
    for person in "abcd":
        write_images(tmp_path / "mine", f"train/{person}/1_c1.jpg", f"train/{person}/2_c2.jpg")
    write_images(tmp_path / "mine", "train/e/1_c1.jpg", "query/x/1_c1.jpg", "gallery/y/1_c2.jpg")
    words = ["DATASETS.ROOT_DIR", str(tmp_path), "DATASETS.NAMES", "mine", "--IMS_PER_BATCH", "16"]
    with pytest.raises(InputError, match="none of 1 queries can have a match .*: x .camera 1.; put images"):
        make_data_loader(cfg(*words))
    write_images(tmp_path / "mine", "gallery/x/1_c2.jpg")
    make_data_loader(cfg(*words))
    assert any("1 of 5 people in train has one image: e;" in message for message in caplog_loguru)


def test_quick_is_milliseconds():
    """32,000 records; measured 10 ms, and the test leaves room for a busy machine."""
    pairs = [(pid, camid) for pid in range(1000) for camid in range(6) for _ in range(2)]
    toy = dataset(pairs[:3000], pairs, pairs + pairs[:5000])
    start = time.perf_counter()
    quick_findings(toy, cfg())
    assert time.perf_counter() - start < 0.5


def test_testing_looks_at_the_queries_alone(caplog_loguru):
    toy = dataset(QUERY, GALLERY, train=[(1, 0)])
    check_queries(toy, cfg())
    assert ["no match" in line for line in caplog_loguru] == [True, True], "nothing on the training images"
    with pytest.raises(InputError, match="none of 5 queries can have a match"):
        check_queries(dataset(QUERY[1:], GALLERY), cfg())


@pytest.mark.parametrize(
    "query, gallery", [("0101", "101"), ("p7", "p007"), ("Ann Lee", "ann lee"), ("AnnLee", "Ann Lee")]
)
def test_ids_that_are_spelled_differently_are_named(query, gallery):
    names = Names({0: query, 1: gallery, 2: "10"})
    (finding,) = quick_findings(dataset([(0, 0)], [(1, 1), (2, 1)], names=names), cfg())
    assert finding.is_error
    assert finding.line().endswith(f"; is {query} in query the person that is {gallery} in gallery?")
    absent, *_ = quick_findings(dataset([(0, 0), (2, 0)], [(1, 1), (2, 1)], names=names), cfg())
    assert f"is {query} in query the person that is {gallery} in gallery?" in absent.fix
    (other,) = quick_findings(dataset([(0, 0)], [(2, 1)], names=names), cfg())
    assert "in gallery?" not in other.fix

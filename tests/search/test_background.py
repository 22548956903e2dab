"""Threads beside the rest: order, errors, ends."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import search.background
from search.background import Behind, prefetch


def test_prefetched_items_come_in_order_and_no_more_than_asked_for_ahead():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number

    ahead = prefetch(items(), 4)
    assert next(ahead) == 0
    deadline = time.monotonic() + 10
    while len(made) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 6  # one is given, four are ready, one waits
    assert list(ahead) == list(range(1, 100))


def test_an_error_of_the_source_is_raised_after_what_came_before_it():
    def items():
        yield 1
        raise ValueError("broken")

    ahead = prefetch(items(), 4)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_an_error_while_the_source_is_closed_is_raised():
    class Items:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

        def close(self):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        next(prefetch(Items(), 4))


def test_stopping_early_closes_the_source_and_ends_its_thread():
    closed = threading.Event()

    def items():
        try:
            yield from range(10**9)
        finally:
            closed.set()

    ahead = prefetch(items(), 2)
    next(ahead)
    ahead.close()
    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def test_work_behind_is_done_in_order_before_the_block_ends():
    done = []
    with Behind(most=2) as behind:
        for number in range(20):
            behind.do(done.append, number)
    assert done == list(range(20))


def test_an_error_behind_is_raised_by_the_next_piece_or_at_the_end():
    def fail():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), Behind(most=2) as behind:
        behind.do(fail)
    with pytest.raises(ValueError, match="broken"), Behind(most=0) as behind:
        behind.do(fail)
        behind.do(time.sleep, 0)
        raise AssertionError("not reached")


def test_several_threads_give_work_and_all_of_them_hear_of_an_error():
    done, gate = [], threading.Event()
    with ThreadPoolExecutor(4) as threads, Behind(most=1) as behind:
        for one in [threads.submit(behind.do, done.append, number) for number in range(40)]:
            one.result(60)
    assert sorted(done) == list(range(40))

    def fail():
        gate.wait(10)
        raise ValueError("broken")

    with ThreadPoolExecutor(4) as threads, pytest.raises(ValueError, match="broken"), Behind(1) as behind:
        behind.do(fail)
        behind.check()
        given = [threads.submit(behind.do, int) for _ in range(4)]
        gate.set()
        raised = [one.exception(60) for one in given]
        assert all(error is None or str(error) == "broken" for error in raised) and any(raised)
        behind.check()


def test_no_more_pieces_wait_than_allowed():
    gate, begun = threading.Event(), threading.Event()

    def wait():
        begun.set()
        gate.wait(10)

    with Behind(most=1) as behind:
        behind.do(wait)
        behind.do(int)
        begun.wait(10)
        threading.Timer(0.2, gate.set).start()
        behind.do(int)  # only once the first is done
        assert gate.is_set()


def test_a_piece_that_takes_long_holds_up_the_others_once_no_more_may_wait(monkeypatch):
    monkeypatch.setattr(search.background, "LONG", 0.0)
    gate, begun = threading.Event(), threading.Event()

    def wait():
        begun.set()
        gate.wait(10)

    with Behind(most=1) as behind:
        assert not behind.held_up()
        behind.do(wait)
        assert begun.wait(10) and not behind.held_up(), "one more may wait"
        behind.do(int)
        assert behind.held_up()
        monkeypatch.setattr(search.background, "LONG", 60.0)
        assert not behind.held_up(), "it has only just begun"
        gate.set()


def test_after_an_error_in_the_block_what_was_given_before_is_done():
    gate, done = threading.Event(), []
    with pytest.raises(KeyError), Behind(most=5) as behind:
        behind.do(gate.wait, 10)
        behind.do(done.append, 1)
        threading.Timer(0.1, gate.set).start()
        raise KeyError("stop")
    assert done == [1]


@pytest.mark.parametrize("long", [0.0, 60.0])
def test_after_an_error_it_is_said_that_something_still_goes_on_if_that_takes_long(
    caplog_loguru, monkeypatch, long
):
    """As when a server is gone and the user presses Ctrl-C."""
    monkeypatch.setattr(search.background, "LONG", long)
    gate = threading.Event()
    with pytest.raises(KeyboardInterrupt), Behind(most=5) as behind:
        behind.do(gate.wait, 10)
        threading.Timer(0.2, gate.set).start()
        raise KeyboardInterrupt
    assert ["still being done" in line for line in caplog_loguru] == [True] * (long == 0)


def test_after_a_piece_that_fails_no_other_is_done():
    gate, done = threading.Event(), []

    def fail():
        gate.wait(10)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), Behind(most=5) as behind:
        behind.do(fail)
        behind.do(done.append, 1)
        gate.set()
    assert not done


def test_the_first_error_is_the_one_that_is_raised(caplog_loguru):
    def fail():
        raise ValueError("late")

    with pytest.raises(KeyError, match="first"), Behind(most=5) as behind:
        behind.do(fail)
        raise KeyError("first")
    assert "while it ended: late" in caplog_loguru[-1]

"""How long a server is waited for, on a clock that does not run by itself."""

from types import SimpleNamespace

import grpc
import pytest
from pymilvus import MilvusException

from search.gallery import retry
from search.gallery.retry import PATIENCE, Patience, ServerGoneError, ServerRefusesError
from utils.errors import InputError


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """The pauses that were made; only they take time."""
    made = []
    clock = SimpleNamespace(sleep=made.append, monotonic=lambda: sum(made))
    monkeypatch.setattr(retry, "time", clock)
    return made


def failing(*errors: Exception):
    """An action that raises these errors, one at a time, and then returns 7."""
    left = list(errors)

    def action() -> int:
        if left:
            raise left.pop(0)
        return 7

    return action


def gone() -> MilvusException:
    return MilvusException(2, "Fail connecting to\nserver")


def test_pauses_grow_and_an_outage_is_one_line_and_its_end_another(pauses, caplog_loguru):
    patience = Patience("http://a:1")
    assert patience.call(failing(*[gone() for _ in range(7)])) == 7
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]
    assert patience.call(failing(gone())) == 7, "a server that is just back"
    assert caplog_loguru == [
        "http://a:1 does not answer (Fail connecting to server); trying for 180 s\n",
        "http://a:1 answers again, after 00:35\n",
    ]
    pauses.append(2 * PATIENCE)
    assert patience.call(failing(gone())) == 7
    assert len(caplog_loguru) == 4


def test_it_is_given_up_after_a_while(pauses, caplog_loguru):
    patience = Patience("http://a:1")
    with pytest.raises(InputError) as error:
        patience.call(failing(*[gone() for _ in range(1000)]))
    assert PATIENCE <= sum(pauses) <= PATIENCE + 10
    assert str(error.value) == (
        "http://a:1 has not answered for 180 s (Fail connecting to server); start it, then run the same "
        "command again: it resumes"
    )
    assert len(caplog_loguru) == 1
    made = len(pauses)
    with pytest.raises(InputError):
        patience.call(failing(gone()))
    assert len(pauses) == made, "not waited for again"
    assert patience.call(failing()) == 7
    assert patience.call(failing(gone())) == 7, "it was back in between"


class Rpc(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode):
        self.status = code

    def code(self) -> grpc.StatusCode:
        return self.status

    def details(self) -> str:
        return "said in\ntwo lines"


PASSING = [
    MilvusException(3, "memory limit exceeded"),
    MilvusException(8, "rate limit exceeded"),
    MilvusException(9, "quota exceeded[reason=memory quota exhausted, please allocate more resources]"),
    MilvusException(11, "time tick long delay"),
    MilvusException(101, "collection not loaded"),
    MilvusException(503, "no available shard leaders"),
    MilvusException(grpc.StatusCode.UNAVAILABLE, "Retry run out"),
    Rpc(grpc.StatusCode.DEADLINE_EXCEEDED),
]
FAULTS = [
    MilvusException(1, "Unexpected error, message=<'list' object has no attribute 'x'>"),
    TypeError("a fault of the program"),
]
REFUSALS = [
    (MilvusException(7, "disk limit\nexceeded"), "disk limit exceeded"),
    (
        MilvusException(9, "quota exceeded[reason=disk quota exhausted]"),
        "quota exceeded[reason=disk quota exhausted]",
    ),
    (
        MilvusException(1100, "the length of a string exceeds max length"),
        "the length of a string exceeds max length",
    ),
    (Rpc(grpc.StatusCode.UNAUTHENTICATED), "UNAUTHENTICATED: said in two lines"),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_passes_is_waited_for(pauses, error):
    assert Patience("a").call(failing(error)) == 7 and pauses == [0.5]


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_a_fault_of_the_program_is_raised_at_once(pauses, error):
    with pytest.raises(type(error)) as raised:
        Patience("a").call(failing(error))
    assert raised.value is error and not pauses


@pytest.mark.parametrize(("error", "reason"), REFUSALS, ids=lambda value: str(value)[:20])
def test_a_refusal_that_does_not_pass_is_one_line_at_once(pauses, error, reason):
    with pytest.raises(InputError) as raised:
        Patience("http://a:1").call(failing(error))
    assert str(raised.value) == (
        f"the Milvus server at http://a:1 refuses: {reason}; once that is put right, run the same command "
        "again: it resumes"
    )
    with pytest.raises(InputError, match="not written is lost$"):
        Patience("http://a:1", stopped=lambda: False).call(failing(error))
    assert not pauses


def test_while_a_server_starts_any_error_of_its_passes(pauses):
    odd = MilvusException(65535, "something odd")
    with pytest.raises(ServerRefusesError):
        Patience("a").call(failing(odd))
    assert Patience("a").call(failing(gone(), odd, odd)) == 7
    with pytest.raises(TypeError):
        Patience("a").call(failing(gone(), TypeError()))


def test_an_error_that_may_never_pass_is_not_waited_for_without_end(pauses, caplog_loguru):
    """A server that comes back empty."""
    lost = MilvusException(100, "collection not found")
    with pytest.raises(ServerGoneError, match=r"\(collection not found\).*not written is lost$"):
        Patience("a", stopped=lambda: False).call(failing(*[gone()] * 100, *[lost] * 1000))
    assert sum(pauses) > 900 + PATIENCE
    assert [line.strip() for line in caplog_loguru] == [
        "a does not answer (Fail connecting to server); trying until it does",
        "a does not answer (collection not found); trying for 180 s",
    ]


def test_until_it_is_to_stop_a_server_is_waited_for_without_end(pauses, caplog_loguru):
    patience = Patience("http://a:1", stopped=lambda: sum(pauses) > 86_400)
    assert patience.call(failing(*[gone() for _ in range(5000)])) == 7
    assert [line.strip() for line in caplog_loguru] == [
        "http://a:1 does not answer (Fail connecting to server); trying until it does",
        "http://a:1 answers again, after 13:52:45",
    ]
    with pytest.raises(ServerGoneError, match=r"has not answered for 364\d\d s .*not written is lost$"):
        patience.call(failing(*[gone() for _ in range(5000)]))
    assert 86_400 < sum(pauses) <= 86_410


def test_who_cannot_wait_says_so(pauses, caplog_loguru):
    with pytest.raises(ServerGoneError, match="has not answered for 4 s"):
        Patience("http://a:1", 4.0).call(failing(*[gone() for _ in range(1000)]))
    assert 4 < sum(pauses) < 10 and "trying for 4 s" in caplog_loguru[0]

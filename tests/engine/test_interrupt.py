"""Which signals stop a training; what they do is tested where a training is stopped."""

import os
import runpy
import signal
import sys

import pytest

from engine.interrupt import Interrupt
from tests.conftest import ROOT


@pytest.mark.parametrize(
    "platform, signals", [("win32", {signal.SIGINT}), ("linux", {signal.SIGINT, signal.SIGTERM})]
)
def test_the_signals_of_a_system(monkeypatch, platform, signals):
    monkeypatch.setattr(sys, "platform", platform)
    assert set(runpy.run_path(str(ROOT / "engine/interrupt.py"))["SIGNALS"]) == signals


def test_a_signal_is_heard_though_nobody_reads_the_output(monkeypatch):
    def broken(number, text):
        raise BrokenPipeError(32, "Broken pipe")

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(os, "write", broken)
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt.heard
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_a_signal_that_comes_while_the_processes_ask_each_other_counts_the_next_time(monkeypatch):
    def slow(value, operation):
        signal.raise_signal(signal.SIGTERM)
        return value

    with Interrupt() as interrupt:
        with monkeypatch.context() as patch:
            patch.setattr("ignite.distributed.all_reduce", slow)
            assert not interrupt.wished(), "the others have not heard of it"
        assert interrupt.heard and interrupt.wished()

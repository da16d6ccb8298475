"""Ports and the lock of a data folder."""

import argparse

import pytest

from config.operations.instance_lock import AlreadyUp, only_one
from config.operations.options import port_number, process_count
from config.operations.serving.listening_socket import NoPort, listen

HOST = "127.0.0.1"


def test_a_taken_port_gives_the_next_free_one():
    with listen(HOST, 20_000) as first, listen(HOST, first.getsockname()[1]) as second:
        assert second.getsockname()[1] > first.getsockname()[1]


def test_no_free_port_is_refused():
    with listen(HOST, 65_535), pytest.raises(NoPort, match="port 65535 of 127.0.0.1 is taken"):
        listen(HOST, 65_535)


@pytest.mark.parametrize("host", ["host.invalid", "::1", "192.0.2.1"])
def test_a_host_that_is_not_here_is_refused(host):
    with pytest.raises(NoPort):
        listen(host, 20_000)


def test_one_up_for_each_data_folder(tmp_path):
    with only_one(tmp_path), pytest.raises(AlreadyUp, match=str(tmp_path)):
        only_one(tmp_path).__enter__()
    with only_one(tmp_path):
        pass


@pytest.mark.parametrize("value", ["0", "65536", "-1", "http", "8000.5"])
def test_bad_ports(value):
    with pytest.raises(argparse.ArgumentTypeError):
        port_number(value)


@pytest.mark.parametrize("value", ["0", "65", "two"])
def test_bad_numbers_of_processes(value):
    with pytest.raises(argparse.ArgumentTypeError):
        process_count(value)


def test_good_numbers():
    assert port_number("8000") == 8000
    assert process_count("4") == 4

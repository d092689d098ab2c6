#!/usr/bin/env python3
"""A cable between two network namespaces that can be slow, lossy or cut, without the kernel's sch_netem.

    wire.py NAMESPACE DEVICE NAMESPACE DEVICE

Makes one TAP device in each namespace and carries frames between them. Prints `ready`, then reads one JSON object a
line from standard input and answers each with `ok` once it holds:

    {"forward": {"delayMs": 100, "loss": 0.05, "isCut": false}, "backward": {...}}

`forward` is from the first device to the second. A direction that is not named stays as it is. Ends with its input.
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
CLONE_NEWNET = 0x40000000
FRAME_BYTES = 65_536
# Frames taken from one device before the other has its turn.
BATCH = 64

libc = ctypes.CDLL(None, use_errno=True)


def open_tap(namespace, device):
    """A TAP device in that namespace; the descriptor works from any."""
    with open(f"/run/netns/{namespace}") as target:
        if libc.setns(target.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP | IFF_NO_PI))
    return tap


class Direction:
    def __init__(self, source, target):
        self.source, self.target = source, target
        self.delay, self.loss, self.is_cut = 0.0, 0.0, False
        # (due, number, frame): the number keeps frames of one instant in order.
        self.held = []
        self.number = 0

    def change(self, to):
        self.delay = to["delayMs"] / 1000
        self.loss = to["loss"]
        self.is_cut = to["isCut"]
        if self.is_cut:
            self.held.clear()

    def carry(self):
        for _ in range(BATCH):
            try:
                frame = os.read(self.source, FRAME_BYTES)
            except BlockingIOError:
                return
            if self.is_cut or (self.loss > 0 and random.random() < self.loss):
                continue
            if self.delay == 0 and not self.held:
                self.deliver(frame)
            else:
                self.number += 1
                heapq.heappush(self.held, (time.monotonic() + self.delay, self.number, frame))

    def release(self, now):
        while self.held and self.held[0][0] <= now:
            self.deliver(heapq.heappop(self.held)[2])

    def deliver(self, frame):
        try:
            os.write(self.target, frame)
        except BlockingIOError:
            pass  # a full queue drops, as every router does
        except OSError as fault:
            # The device is down: what is sent to it is lost.
            if fault.errno != 5:
                raise


def main():
    first = open_tap(sys.argv[1], sys.argv[2])
    second = open_tap(sys.argv[3], sys.argv[4])
    directions = {"forward": Direction(first, second), "backward": Direction(second, first)}
    by_source = {direction.source: direction for direction in directions.values()}
    poll = select.poll()
    for source in (*by_source, 0):
        poll.register(source, select.POLLIN)
    print("ready", flush=True)
    pending = b""
    while True:
        due = min((d.held[0][0] for d in directions.values() if d.held), default=None)
        wait = None if due is None else max(0, (due - time.monotonic()) * 1000)
        for source, event in poll.poll(wait):
            if source != 0:
                # A device that is down reports an error for as long as it is.
                if event & select.POLLIN:
                    by_source[source].carry()
                continue
            chunk = os.read(0, FRAME_BYTES)
            if chunk == b"":
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                for name, to in json.loads(line).items():
                    directions[name].change(to)
                print("ok", flush=True)
        now = time.monotonic()
        for direction in directions.values():
            direction.release(now)


main()

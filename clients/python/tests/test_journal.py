"""The rules of `docs/journal-format.md`, on journals that are written here."""

import pathlib
import struct
import tempfile
import unittest

from ringmatch import Journal, JournalError
from ringmatch.commands import ROW_BYTES, LayoutError, rows
from ringmatch.crc32c import crc32c
from ringmatch.journal import MAX_FRAME_BYTES

PAGE, SEGMENT_BYTES = 4096, 16 << 20


def segment_header(number, first, chain, config=b"limits", version=1):
    page = bytearray(PAGE)
    page[:12] = b"RINGSEGM" + struct.pack("<I", version)
    page[16:32] = b"TEST".ljust(16, b"\0")
    struct.pack_into("<II", page, 32, number, crc32c(config))
    struct.pack_into("<QQQI", page, 40, SEGMENT_BYTES, first, chain, len(config))
    page[128 : 128 + len(config)] = config
    struct.pack_into("<I", page, 12, crc32c(bytes(page[16:]), crc32c(bytes(page[:12]))))
    return bytes(page)


def frame(first, chain, synced_to, body=b"body", count=1, epoch=1, version=1, kind=9):
    """A frame with its padding, and its hash."""
    head = bytearray(64)
    struct.pack_into("<4sHBB", head, 0, b"RMFR", version, kind, 0)
    values = (crc32c(body), epoch, count, first, 0, chain, len(body), 0, synced_to)
    struct.pack_into("<IIIQQQIIQ", head, 12, *values)
    crc = crc32c(bytes(head[12:]), crc32c(bytes(head[:8])))
    struct.pack_into("<I", head, 8, crc)
    whole = bytes(head) + body
    return whole + bytes(-len(whole) % 64), crc | crc32c(body) << 32


def mark(turn, number, first, chain, version=1):
    """A slot of a mark."""
    slot = bytearray(64)
    struct.pack_into("<8sI4xQIIQQ", slot, 0, b"RINGMARK", version, turn, number, 0, first, chain)
    struct.pack_into("<I", slot, 12, crc32c(bytes(slot[16:]), crc32c(bytes(slot[:12]))))
    return bytes(slot)


class Written:
    """A journal of frames, one after another, that can be damaged."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.segments = []
        self.sequence, self.chain = 1, 0
        self.begin()

    def begin(self, **more):
        header = segment_header(len(self.segments) + 1, self.sequence, self.chain, **more)
        self.segments.append(bytearray(header))

    def add(self, **more):
        place = len(self.segments[-1])
        values = dict(first=self.sequence, chain=self.chain, synced_to=place)
        data, hashed = frame(**{**values, **more})
        self.segments[-1] += data
        self.sequence, self.chain = self.sequence + 1, hashed
        return place

    def mark(self, name, even=b"", odd=b""):
        (self.directory / name).write_bytes(even.ljust(PAGE, b"\0") + odd.ljust(PAGE, b"\0"))

    def read(self):
        """First sequences of all frames, and what the tail is."""
        for number, data in enumerate(self.segments, 1):
            path = self.directory / f"{number:08d}.seg"
            path.write_bytes(data)
            with open(path, "r+b") as file:
                file.truncate(SEGMENT_BYTES)
        journal = Journal(self.directory)
        return [frame.first_sequence for frame in journal.frames()], journal.tail


class Rules(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.journal = Written(directory.name)
        self.places = [self.journal.add() for _ in range(3)]
        self.chain = self.journal.chain

    def refused(self, says):
        with self.assertRaisesRegex(JournalError, says):
            self.journal.read()

    def test_a_clean_journal_of_two_segments_and_a_prepared_one(self):
        self.journal.begin()
        self.journal.add()
        self.journal.segments.append(bytearray())
        self.assertEqual(self.journal.read(), ([1, 2, 3, 4], "clean"))

    def test_a_damaged_last_frame_is_torn(self):
        for at in (self.places[2], self.places[2] + 64):
            self.journal.segments[0][at] ^= 1
            self.assertEqual(self.journal.read(), ([1, 2], "torn"))
            self.journal.segments[0][at] ^= 1

    def test_what_was_promised_is_not_cut(self):
        self.journal.segments[0][self.places[1] + 64] ^= 1
        self.refused("promised")

    def test_what_was_not_promised_is_cut_with_what_follows_it(self):
        self.journal.add(synced_to=self.places[2])
        self.journal.segments[0][self.places[2] + 64] ^= 1
        self.assertEqual(self.journal.read(), ([1, 2], "torn"))

    def test_no_crash_tears_more_than_a_frame(self):
        data = self.journal.segments[0]
        end = len(data)
        data += bytes(MAX_FRAME_BYTES) + b"x"
        self.refused("no crash")
        del data[end:]
        data += bytes(MAX_FRAME_BYTES - 1) + b"x"
        self.assertEqual(self.journal.read(), ([1, 2, 3], "torn"))

    def test_damage_before_the_last_segment_is_refused(self):
        self.journal.begin()
        self.journal.segments[0][self.places[2] + 64] ^= 1
        self.refused("does not continue")

    def test_a_segment_that_was_being_begun(self):
        self.journal.begin()
        self.journal.segments[1][100] ^= 1
        self.assertEqual(self.journal.read(), ([1, 2, 3], "torn"))
        self.journal.segments[1] += b"x"
        self.refused("something behind it")
        del self.journal.segments[1][PAGE:]
        self.journal.segments[0][self.places[2] + 64] ^= 1
        self.refused("before it is torn")

    def test_a_lost_end_is_not_a_shorter_journal(self):
        self.journal.mark("begun", mark(2, 2, 4, 9), mark(1, 1, 1, 0))
        self.refused("00000002.seg is missing, and was begun")
        self.journal.segments.append(bytearray())
        self.refused("00000002.seg has no sound header, and was begun")
        # The slot of the later turn is torn: the one before it counts.
        self.journal.mark("begun", mark(2, 2, 4, 9)[:40], mark(1, 1, 1, 0))
        self.assertEqual(self.journal.read(), ([1, 2, 3], "clean"))
        self.journal.mark("begun")
        self.refused("begun is damaged")
        self.journal.mark("begun", mark(2, 2, 4, 9, version=2))
        self.refused("begun has version 2")

    def test_a_journal_whose_beginning_was_dropped_starts_where_the_mark_says(self):
        self.journal.begin()
        self.journal.add()
        self.journal.mark("kept", mark(2, 2, 4, self.chain))
        self.assertEqual(self.journal.read(), ([4], "clean"))
        (self.journal.directory / "00000001.seg").unlink()
        journal = Journal(self.journal.directory)
        self.assertEqual([frame.first_sequence for frame in journal.frames()], [4])
        (self.journal.directory / "kept").unlink()
        with self.assertRaisesRegex(JournalError, "a segment is missing"):
            Journal(self.journal.directory)
        self.journal.mark("kept", mark(2, 2, 4, 9))
        self.refused("does not continue")

    def test_a_compressed_segment_is_refused_by_name(self):
        self.journal.read()
        plain = self.journal.directory / "00000001.seg"
        packed = self.journal.directory / "00000001.seg.zst"
        packed.write_bytes(b"")
        self.assertEqual(self.journal.read(), ([1, 2, 3], "clean"))
        plain.unlink()
        with self.assertRaisesRegex(JournalError, "00000001.seg.zst is compressed; `zstd -d"):
            Journal(self.journal.directory)

    def test_whole_frames_in_the_wrong_place_are_refused(self):
        for more, says in (
            (dict(first=9), "sequence 9, not 4"),
            (dict(chain=9), "continues another"),
            (dict(epoch=0), "earlier epoch"),
            (dict(synced_to=1 << 20), "more was synced"),
            (dict(version=2), "version 2"),
            (dict(synced_to=64), "impossible"),
        ):
            end, before = len(self.journal.segments[0]), (self.journal.sequence, self.journal.chain)
            self.journal.add(**more)
            self.refused(says)
            del self.journal.segments[0][end:]
            self.journal.sequence, self.journal.chain = before

    def test_segments_of_another_journal_are_refused(self):
        self.journal.begin(config=b"others")
        self.refused("another venue or config")
        self.journal.segments[1:] = [bytearray(segment_header(2, 4, self.journal.chain, version=2))]
        self.refused("version 2")

    def test_a_body_of_commands_that_are_laid_out_differently_is_refused(self):
        def archive(size, count):
            body = bytes(size * count)
            return body + struct.pack("<iI", -len(body), count)

        with self.assertRaisesRegex(LayoutError, f"has {ROW_BYTES + 8} bytes in this journal"):
            rows(archive(ROW_BYTES + 8, 3), 1, 3)
        with self.assertRaisesRegex(LayoutError, "announces 2"):
            rows(archive(ROW_BYTES, 3), 1, 2)
        with self.assertRaisesRegex(LayoutError, "ends before"):
            rows(b"", 1, 1)
        self.journal.add(kind=1, body=archive(ROW_BYTES - 8, 1))
        self.journal.read()
        with self.assertRaisesRegex(JournalError, "byte 4480: a command has"):
            list(Journal(self.journal.directory).rows())

package dev.gatun.io;

import static dev.gatun.io.Bytes.npy;
import static dev.gatun.io.Bytes.zip;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.io.Bytes.Entry;
import dev.gatun.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each bad file gives one `IOException` that names the file and the rule, on a device with memory
/// for a few small tensors only, and leaves nothing allocated.
final class HostileTest {
  private static final byte[] GOOD = npy("<f4", "(3,)", 12);
  private static final String HUGE = "9".repeat(400);

  static Stream<Arguments> badNpy() {
    byte[] text = "{'descr': '<f4', 'fortran_order': False, 'shape': (), }".getBytes(UTF_8);
    return Stream.of(
        arguments("empty file", new byte[0], "must start with"),
        arguments("magic cut", Arrays.copyOf(GOOD, 5), "must start with"),
        arguments("no length", Arrays.copyOf(GOOD, 8), "the header must have at most"),
        arguments("other magic", "PK\3\4 nothing here".getBytes(UTF_8), "must start with"),
        arguments("version 0", npy(0, 10, text, 4), "the version must be"),
        arguments("version 255", npy(255, 10, text, 4), "got 255"),
        arguments("header beyond the file", npy(1, 65_535, text, 4), "end within"),
        arguments("header of 4 GB", npy(2, 0xffff_fffeL, text, 4), "got 4294967294"),
        arguments("header cut", npy(1, 20, text, 4), "at character"),
        arguments("data short", npy("<f4", "(3,)", 11), "must have 12 bytes of data; got 11"),
        arguments("data long", npy("<f4", "(3,)", 13), "must have 12 bytes of data; got 13"),
        arguments("2^59 elements", npy("<f8", "(576460752303423488,)", 8), "bytes of data"),
        arguments("2^60 elements", npy("<f4", "(1073741824, 1073741824)", 4), "below 2^60"),
        arguments("overflowing size", npy("<f4", "(4294967296, 4294967297)", 4), "below 2^60"),
        arguments("negative size", npy("<f4", "(-1,)", 4), "must not be negative"),
        arguments("two negatives", npy("<f4", "(-1, -1)", 4), "must not be negative"),
        arguments("size beyond long", npy("<f4", "(" + HUGE + ",)", 4), "below 2^63"),
        arguments("65 axes", npy("<f4", "(" + "1,".repeat(65) + ")", 4), "at most 64 axes"),
        arguments("nested tuple", npy("<f4", "((1,),)", 4), "whole number"),
        arguments("deep nesting", npy("<f4", "(".repeat(60_000), 4), "whole number"),
        arguments("size in floats", npy("<f4", "(1.0,)", 4), "a comma"),
        arguments("no tuple", npy("<f4", "(3)", 12), "tuple of one"),
        arguments("list for a shape", npy("<f4", "[3]", 12), "tuple of whole"),
        arguments("arithmetic", npy("<f4", "(3 * 1,)", 12), "a comma"),
        arguments("call", npy("{'descr': exit(), 'fortran_order': False}", 0), "at character"),
        arguments("no dictionary", npy("3", 0), "at character"),
        arguments("blank header", npy("      ", 0), "at character"),
        arguments("unclosed", npy("{'descr': '<f4", 0), "text in quotes"),
        arguments("key missing", npy("{'descr': '<f4', 'shape': (), }", 4), "just a descr"),
        arguments("key twice", npy("{'shape': (), 'shape': (), }", 4), "a key once"),
        arguments(
            "other types", npy("{'descr': 'f', 'fortran_order': 'x', 'shape': True}", 0), "just"),
        arguments("after the end", npy("{'descr': '<f4'} ; import os", 4), "nothing at"),
        arguments("objects", npy("|O", "(1,)", 8), "descr must be"),
        arguments("complex", npy("<c8", "(1,)", 8), "descr must be"),
        arguments("unsigned", npy("<u4", "(1,)", 4), "descr must be"),
        arguments("text", npy("<U9", "(1,)", 36), "descr must be"),
        arguments("no byte order", npy("f4", "(1,)", 4), "descr must be"),
        arguments("structure", npy("{'descr': [('a', '<f4')], 'shape': (1,)}", 4), "text, True"),
        arguments("controls", npy("{'descr': '\33[31m\7\n<f4'}", 4), "header must have"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badNpy")
  void badArrays(String what, byte[] bytes, String rule, @TempDir Path dir) throws IOException {
    Path file = dir.resolve("bad.npy");
    Files.write(file, bytes);
    refused(file, rule, "bad.npy: ", scope -> Npy.read(file, scope));
    Path archive = dir.resolve("bad.npz");
    Files.write(archive, zip(Entry.stored("good.npy", GOOD), Entry.stored("w.npy", bytes)));
    refused(archive, rule, "bad.npz, entry 'w.npy': ", scope -> Npz.read(archive, scope));
    Files.write(archive, zip(Entry.stored("good.npy", GOOD), Entry.deflated("w.npy", bytes)));
    refused(archive, rule, "bad.npz, entry 'w.npy': ", scope -> Npz.read(archive, scope));
  }

  static Stream<Arguments> badNpz() {
    Entry good = Entry.stored("a.npy", GOOD);
    Entry packed = Entry.deflated("a.npy", npy("<f4", "(3000,)", 12_000));
    byte[] whole = zip(good, packed);
    byte[] cut = packed.packed().clone();
    Arrays.fill(cut, 2, cut.length, (byte) 0xff);
    Entry garbage = new Entry("a.npy", 8, cut, cut.length, packed.size(), packed.crc(), 0);
    byte[] bomb = npy("<f4", "(50000000,)", 0);
    Entry claim = Entry.deflated("b.npy", bomb).withSize(bomb.length + 200_000_000L);
    byte[] filler = new byte[300_000];
    new java.util.Random(1).nextBytes(filler);
    Entry falseClaim =
        new Entry("b.npy", 8, Entry.deflated("", filler).packed(), 300_000, 200_000_090, 0, 0);
    return Stream.of(
        arguments("empty file", new byte[0], "zip"),
        arguments("an array", GOOD, "zip"),
        arguments("end cut", Arrays.copyOf(whole, whole.length - 1), "zip"),
        arguments("start cut", Arrays.copyOfRange(whole, 9, whole.length), "ZIP"),
        arguments("name twice", zip(good, good), "names must differ"),
        arguments(
            "overlap",
            zip(
                true,
                Entry.stored("a.npy", npy("<f4", "(99,)", 396)),
                Entry.stored("b.npy", npy("<f4", "(99,)", 396))),
            "bytes must fit in"),
        arguments("not a .npy", zip(good, Entry.stored("readme.txt", GOOD)), "must be a .npy"),
        arguments("a folder", zip(Entry.stored("x/", new byte[0])), "must be a .npy"),
        arguments("checksum", zip(good.withCrc(1)), "the checksum must be 00000001"),
        arguments("checksum of deflated", zip(packed.withCrc(1)), "the checksum must be"),
        arguments("stored, two sizes", zip(good.withSize(9999)), "must fit"),
        arguments(
            "size beyond the file",
            zip(good.withSize(1 << 30).withPackedSize(1 << 30)),
            "must fit"),
        arguments(
            "size of 4 GB",
            zip(good.withSize(0xffff_fffeL).withPackedSize(0xffff_fffeL)),
            "must fit"),
        arguments("ZIP64 without its sizes", zip(good.withSize(-1).withPackedSize(-1)), "ZIP"),
        arguments("inflates to less", zip(packed.withSize(packed.size() + 100)), "bytes of data"),
        arguments("inflates to more", zip(packed.withSize(packed.size() - 4)), "bytes of data"),
        arguments("inflation beyond deflate's", zip(claim), "must fit"),
        arguments("inflation not delivered", zip(falseClaim), "must"),
        arguments("no deflate stream", zip(garbage), "must"),
        arguments("other method", zip(good.withMethod(12)), "ZIP"),
        arguments("encrypted", zip(good.withFlags(1)), "ZIP"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badNpz")
  void badArchives(String what, byte[] bytes, String rule, @TempDir Path dir) throws IOException {
    Path file = dir.resolve("bad.npz");
    Files.write(file, bytes);
    refused(file, rule, "bad.npz", scope -> Npz.read(file, scope));
  }

  @Test
  void everyTruncationIsRefused(@TempDir Path dir) throws IOException {
    byte[] zip = zip(Entry.stored("a.npy", GOOD), Entry.deflated("b.npy", GOOD));
    Path file = dir.resolve("cut");
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      for (int n = 0; n < zip.length; n++) {
        Files.write(file, Arrays.copyOf(zip, n));
        assertThrows(IOException.class, () -> Npz.read(file, scope), n + " bytes");
      }
      for (int n = 0; n < GOOD.length; n++) {
        Files.write(file, Arrays.copyOf(GOOD, n));
        assertThrows(IOException.class, () -> Npy.read(file, scope), n + " bytes");
      }
      assertEquals(0, cpu.memory().liveBytes());
    }
  }

  @Test
  void missingFilesAndFoldersAreIoExceptions(@TempDir Path dir) {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      for (Path file : List.of(dir, dir.resolve("absent"))) {
        assertThrows(IOException.class, () -> Npz.read(file, scope));
        assertThrows(IOException.class, () -> Npy.read(file, scope));
      }
    }
  }

  @Test
  void whatDoesNotFitTheDeviceIsItsErrorAndLeavesNothing(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("large.npz");
    byte[] large = npy("<f4", "(1000000,)", 4_000_000);
    Files.write(file, zip(Entry.stored("a.npy", GOOD), Entry.deflated("b.npy", large)));
    CpuDevice.Options small = CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);
    try (CpuDevice cpu = CpuDevice.open(small);
        Scope scope = cpu.scope()) {
      assertThrows(IllegalStateException.class, () -> Npz.read(file, scope));
      assertEquals(0, cpu.memory().liveBytes());
    }
  }

  private interface Read {
    Object from(Scope scope) throws IOException;
  }

  private static void refused(Path file, String rule, String place, Read read) throws IOException {
    CpuDevice.Options small = CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);
    try (CpuDevice cpu = CpuDevice.open(small);
        Scope scope = cpu.scope()) {
      IOException e = assertThrows(IOException.class, () -> read.from(scope));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains(rule), message);
      assertTrue(message.contains(place), message);
      assertFalse(message.chars().anyMatch(c -> c < ' '), message);
      assertTrue(message.length() < 400 + file.toString().length(), message);
      assertEquals(0, cpu.memory().liveBytes());
    }
    Files.delete(file);
  }
}

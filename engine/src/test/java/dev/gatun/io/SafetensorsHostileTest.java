package dev.gatun.io;

import static dev.gatun.io.SafetensorsBytes.entry;
import static dev.gatun.io.SafetensorsBytes.file;
import static dev.gatun.io.SafetensorsBytes.one;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.gatun.cpu.CpuDevice;
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
/// for a few small tensors only, and leaves nothing allocated and nothing mapped.
final class SafetensorsHostileTest {
  private static final byte[] GOOD = one("F32", "[3]", 12);
  private static final String HUGE = "9".repeat(400);

  private static byte[] header(String text) {
    return file(text, 0);
  }

  private static byte[] two(long aBegin, long aEnd, long bBegin, long bEnd, int dataBytes) {
    String a = entry("a", "U8", "[" + (aEnd - aBegin) + "]", aBegin, aEnd);
    String b = entry("b", "U8", "[" + (bEnd - bBegin) + "]", bBegin, bEnd);
    return file("{" + a + "," + b + "}", dataBytes);
  }

  static Stream<Arguments> badFrames() {
    byte[] json = "{}".getBytes(UTF_8);
    byte[] latin = "{\"__metadata__\":{\"a\":\"\u00fc\"}}".getBytes(ISO_8859_1);
    return Stream.of(
        arguments("empty file", new byte[0], "got no length"),
        arguments("length cut", Arrays.copyOf(GOOD, 7), "got no length"),
        arguments("header cut", Arrays.copyOf(GOOD, 20), "must lie within"),
        arguments("header beyond the file", file(3, json, 0), "got 3"),
        arguments("length of 2^63", file(Long.MIN_VALUE, json, 0), "got 9223372036854775808"),
        arguments("length of 2^64 - 1", file(-1, json, 0), "got 18446744073709551615"),
        arguments("length of 2^62", file(1L << 62, json, 0), "must lie within"),
        arguments("no header", file(0, new byte[0], 0), "must start with {"),
        arguments("header ends early", file(1, json, 0), "a key"),
        arguments("not UTF-8", file(latin.length, latin, 0), "must be UTF-8"),
        arguments("cut UTF-8", file(2, new byte[] {'{', (byte) 0xc3}, 0), "must be UTF-8"),
        arguments(
            "overlong UTF-8", file(3, new byte[] {'{', (byte) 0xc0, (byte) 0xaf}, 0), "UTF-8"),
        arguments("byte order mark", header("\ufeff{}"), "must start with {"),
        arguments("blank first", header(" {}"), "must start with {"),
        arguments("an array", header("[]"), "must start with {"),
        arguments("another format", "PK\3\4 nothing in here".getBytes(UTF_8), "must lie within"));
  }

  static Stream<Arguments> badJson() {
    String w = entry("w", "U8", "[0]", 0, 0);
    return Stream.of(
        arguments("unclosed", header("{"), "a key"),
        arguments("unclosed text", header("{\"a"), "a closing quote"),
        arguments("no colon", header("{\"a\" 1}"), "with : at"),
        arguments("no value", header("{\"a\":}"), "an object, an array"),
        arguments("comma last", header("{" + w + ",}"), "a key"),
        arguments("comma missing", header("{" + w + w + "}"), "with } at"),
        arguments("after the end", header("{} x"), "nothing more"),
        arguments("NUL after the end", header("{}\0"), "nothing more"),
        arguments("name twice", header("{" + w + "," + w + "}"), "each key once"),
        arguments(
            "escaped name twice", header("{" + w + "," + w.replace("w", "\\u0077") + "}"), "once"),
        arguments("key of a tensor twice", header("{\"w\":{\"shape\":[],\"shape\":[]}}"), "once"),
        arguments("null", header("{\"w\":null}"), "an object, an array"),
        arguments("NaN", header("{\"w\":NaN}"), "an object, an array"),
        arguments("comment", header("{/**/}"), "a key"),
        arguments("single quotes", header("{'w':1}"), "a key"),
        arguments("control in text", header("{\"a\nb\":1}"), "control characters"),
        arguments("bad escape", header("{\"\\x41\":1}"), "an escape"),
        arguments("half an escape", header("{\"\\u00"), "hexadecimal"),
        arguments(
            "digits of other scripts", header("{\"\\u\u0661\u0661\u0661\u0661\":1}"), "hexad"),
        arguments("half a surrogate", header("{\"\\ud800\":1}"), "surrogates"),
        arguments("surrogates reversed", header("{\"\\udd18\\ud835\":1}"), "surrogates"),
        arguments("deep arrays", header("{\"a\":" + "[".repeat(1 << 20)), "8 levels"),
        arguments("deep objects", header("{\"a\":".repeat(1 << 18)), "8 levels"),
        arguments("true half", header("{\"a\":tru}"), "true or false"));
  }

  static Stream<Arguments> badTensors() {
    return Stream.of(
        arguments("a number for a tensor", header("{\"w\":1}"), "just a dtype"),
        arguments("an empty tensor", header("{\"w\":{}}"), "just a dtype"),
        arguments("another key", header("{\"w\":{\"dtype\":\"U8\",\"shape\":[],\"x\":1}}"), "just"),
        arguments("metadata of numbers", header("{\"__metadata__\":{\"a\":1}}"), "object of text"),
        arguments("metadata as text", header("{\"__metadata__\":\"a\"}"), "object of text"),
        arguments("I16", one("I16", "[1]", 2), "got I16"),
        arguments("U16", one("U16", "[1]", 2), "got U16"),
        arguments("U32", one("U32", "[1]", 4), "got U32"),
        arguments("U64", one("U64", "[1]", 8), "got U64"),
        arguments("8-bit floats", one("F8_E4M3", "[1]", 1), "got F8_E4M3"),
        arguments("small letters", one("f32", "[1]", 4), "got f32"),
        arguments("data short", one("F32", "[3]", 11), "must have 12 bytes of data; got 11"),
        arguments("data long", one("F32", "[3]", 13), "must have 12 bytes of data; got 13"),
        arguments("2^59 elements", one("F64", "[576460752303423488]", 8), "bytes of data"),
        arguments("2^60 elements", one("U8", "[1073741824,1073741824]", 4), "below 2^60"),
        arguments("overflowing size", one("F32", "[4294967296,4294967297]", 4), "below 2^60"),
        arguments("negative size", one("F32", "[-1]", 4), "must not be negative"),
        arguments("two negatives", one("F32", "[-1,-1]", 4), "must not be negative"),
        arguments("size beyond long", one("F32", "[" + HUGE + "]", 4), "below 2^63"),
        arguments("size with a fraction", one("F32", "[1.0]", 4), "whole number"),
        arguments("size with an exponent", one("F32", "[1e0]", 4), "whole number"),
        arguments("size with a zero first", one("F32", "[01]", 4), "whole number"),
        arguments("only a sign", one("F32", "[-]", 4), "whole number"),
        arguments("size as text", one("F32", "[\"1\"]", 4), "whole numbers"),
        arguments("nested sizes", one("F32", "[[1]]", 4), "whole numbers"),
        arguments("65 axes", one("F32", "[1" + ",1".repeat(64) + "]", 4), "at most 64 axes"),
        arguments("a number for a shape", one("F32", "1", 4), "just a dtype"),
        arguments(
            "offsets reversed", file("{" + entry("w", "U8", "[1]", 1, 0) + "}", 1), "in order"),
        arguments(
            "offset negative", file("{" + entry("w", "U8", "[1]", -1, 0) + "}", 1), "in order"),
        arguments(
            "offset beyond", file("{" + entry("w", "U8", "[2]", 0, 2) + "}", 1), "within the 1"),
        arguments(
            "offsets overflow",
            file("{" + entry("w", "U8", "[1]", Long.MAX_VALUE - 1, Long.MAX_VALUE) + "}", 1),
            "within the 1"),
        arguments(
            "three offsets",
            file("{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1),
            "two whole numbers"),
        arguments("overlap", two(0, 4, 2, 6, 6), "must follow on"),
        arguments("the same bytes twice", two(0, 4, 0, 4, 4), "must follow on"),
        arguments("a hole", two(0, 2, 4, 6, 6), "must follow on"),
        arguments("a hole in front", two(2, 4, 4, 6, 6), "must follow on"),
        arguments("bytes behind", two(0, 2, 2, 4, 6), "must fill the 6 bytes of data; got 4"),
        arguments("no tensor but data", file("{}", 1), "must fill the 1 bytes of data; got 0"),
        arguments("long and odd name", one("\33[31m" + "x".repeat(500), "[1]", 1), "control"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"badFrames", "badJson", "badTensors"})
  void badFiles(String what, byte[] bytes, String rule, @TempDir Path dir) throws IOException {
    Path file = dir.resolve("bad.safetensors");
    Files.write(file, bytes);
    CpuDevice.Options small = CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);
    try (CpuDevice cpu = CpuDevice.open(small);
        Scope scope = cpu.scope()) {
      IOException e = assertThrows(IOException.class, () -> Safetensors.read(file, scope));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains(rule), message);
      assertTrue(message.contains("bad.safetensors"), message);
      assertFalse(message.chars().anyMatch(c -> c < ' '), message);
      assertTrue(message.length() < 400 + file.toString().length(), message);
      assertEquals(0, cpu.memory().liveBytes());
    }
    SafetensorsTest.assertNotMapped(file);
  }

  @Test
  void everyTruncationIsRefused(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("cut");
    for (int n = 0; n < GOOD.length; n++) {
      Files.write(file, Arrays.copyOf(GOOD, n));
      assertThrows(IOException.class, () -> Safetensors.open(file), n + " bytes");
    }
    SafetensorsTest.assertNotMapped(file);
  }

  @Test
  void missingFilesAndFoldersAreIoExceptions(@TempDir Path dir) {
    for (Path file : List.of(dir, dir.resolve("absent"))) {
      IOException e = assertThrows(IOException.class, () -> Safetensors.open(file));
      assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e::toString);
    }
  }

  @Test
  void aFileThatShrinksWhileItIsOpenIsAnIoException(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("shrinks");
    Files.write(file, one("U8", "[100000]", 100_000));
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope();
        Safetensors opened = Safetensors.open(file)) {
      Files.write(file, new byte[8]);
      assertThrows(IOException.class, () -> opened.read("w", scope));
      assertEquals(0, cpu.memory().liveBytes());
    }
  }

  @Test
  void whatDoesNotFitTheDeviceIsItsErrorAndLeavesNothing(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("large");
    Files.write(file, two(0, 1000, 1000, 4_000_000, 4_000_000));
    CpuDevice.Options small = CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);
    try (CpuDevice cpu = CpuDevice.open(small);
        Scope scope = cpu.scope()) {
      assertThrows(IllegalStateException.class, () -> Safetensors.read(file, scope));
      assertEquals(0, cpu.memory().liveBytes());
    }
    SafetensorsTest.assertNotMapped(file);
  }
}

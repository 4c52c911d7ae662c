package dev.gatun.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/// Calls of the bindings with their status checked.
final class Native {
  private Native() {}

  /// A query of the form `(name, size, value, size returned)`.
  interface Query {
    int get(int name, long size, MemorySegment value, MemorySegment sizeReturned);
  }

  static void check(int status, String call) {
    if (status != 0) {
      throw new ClException(call, status, "");
    }
  }

  /// What `call` creates; it gets where to put the status.
  static MemorySegment create(String name, Function<MemorySegment, MemorySegment> call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(JAVA_INT);
      MemorySegment made = call.apply(status);
      check(status.get(JAVA_INT, 0), name);
      return made;
    }
  }

  static MemorySegment bytes(Arena arena, String call, int name, Query q) {
    MemorySegment size = arena.allocate(JAVA_LONG);
    check(q.get(name, 0, MemorySegment.NULL, size), call);
    MemorySegment value = arena.allocate(Math.max(1, size.get(JAVA_LONG, 0)), 8);
    check(q.get(name, size.get(JAVA_LONG, 0), value, MemorySegment.NULL), call);
    return value.asSlice(0, size.get(JAVA_LONG, 0));
  }

  static String text(String call, int name, Query q) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = bytes(arena, call, name, q);
      return value.byteSize() == 0 ? "" : value.getString(0).strip();
    }
  }

  /// A `cl_uint`, `cl_bool`, `size_t`, `cl_ulong` or bit field.
  static long number(String call, int name, Query q) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = bytes(arena, call, name, q);
      return value.byteSize() == 4
          ? Integer.toUnsignedLong(value.get(JAVA_INT, 0))
          : value.get(JAVA_LONG, 0);
    }
  }

  static MemorySegment pointer(String call, int name, Query q) {
    try (Arena arena = Arena.ofConfined()) {
      return bytes(arena, call, name, q).get(ADDRESS, 0);
    }
  }
}

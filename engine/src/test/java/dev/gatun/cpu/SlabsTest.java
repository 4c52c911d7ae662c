package dev.gatun.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SlabsTest {
  private static final long MIB = 1 << 20;

  @Test
  void sizeClassesPadByAFifthAtMost() {
    assertEquals(64, Buffer.sizeClass(0));
    assertEquals(64, Buffer.sizeClass(64));
    assertEquals(128, Buffer.sizeClass(65));
    for (long bytes = 64; bytes > 0 && bytes < 1L << 61; bytes += 1 + bytes / 7) {
      long size = Buffer.sizeClass(bytes);
      assertTrue(size >= bytes && size % 64 == 0);
      assertTrue(size <= Math.max(bytes + 63, bytes / 4 * 5 + 64), bytes + " -> " + size);
      assertEquals(size, Buffer.sizeClass(size), "a class is its own class");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 7})
  void sizesBeyondEveryClassAreRefused(long bytes) {
    try (Slabs slabs = new Slabs(Blocks.PLAIN, Long.MAX_VALUE)) {
      assertThrows(IllegalArgumentException.class, () -> slabs.take(bytes));
      assertEquals(0, slabs.memory().liveBytes());
    }
  }

  @ParameterizedTest
  @EnumSource(Blocks.class)
  void largeSizesAreOutOfMemoryAndNothingElse(Blocks source) {
    try (Slabs slabs = new Slabs(source, Long.MAX_VALUE)) {
      for (int bits : new int[] {47, 62}) {
        long bytes = 1L << bits;
        Exception e = assertThrows(IllegalStateException.class, () -> slabs.take(bytes));
        assertTrue(String.valueOf(e.getMessage()).startsWith("CpuDevice: out of memory; got"));
        assertEquals(0, slabs.memory().reservedBytes());
      }
      assertEquals(64, slabs.take(1).bytes());
    }
  }

  @ParameterizedTest
  @EnumSource(Blocks.class)
  void slabsAreAlignedAndDisjoint(Blocks source) {
    try (Slabs slabs = new Slabs(source, 512 * MIB)) {
      Random random = new Random(5);
      List<Slabs.Slab> taken = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        if (!taken.isEmpty() && random.nextInt(3) == 0) {
          slabs.give(taken.remove(random.nextInt(taken.size())));
        } else {
          taken.add(slabs.take(random.nextLong(1L << random.nextInt(1, 21))));
        }
      }
      TreeMap<Long, Long> ends = new TreeMap<>();
      for (Slabs.Slab s : taken) {
        long start = s.segment().address();
        assertEquals(0, start % 64);
        ends.put(start, start + s.bytes());
        s.segment().fill((byte) 1);
      }
      long last = 0;
      for (var range : ends.entrySet()) {
        assertTrue(range.getKey() >= last, "slabs overlap");
        last = range.getValue();
      }
      long live = taken.stream().mapToLong(Slabs.Slab::bytes).sum();
      assertEquals(live, slabs.memory().liveBytes());
      taken.forEach(slabs::give);
      assertEquals(0, slabs.memory().liveBytes());
    }
  }

  @Test
  void aSlabIsReusedAndAPinnedOneNever() {
    try (Slabs slabs = new Slabs(Blocks.PLAIN, 64 * MIB)) {
      Slabs.Slab a = slabs.take(1000);
      MemorySegment memory = a.segment();
      slabs.give(a);
      slabs.give(a);
      assertEquals(0, slabs.memory().liveBytes(), "given twice, counted once");
      Slabs.Slab b = slabs.take(1000);
      assertEquals(memory.address(), b.segment().address());
      assertFalse(slabs.take(1000).segment().address() == memory.address());
      b.pin();
      slabs.give(b);
      for (int i = 0; i < 10; i++) {
        assertFalse(slabs.take(1000).segment().address() == memory.address());
      }
    }
  }

  @Test
  void theLimitHoldsAndLargeSlabsGoBackForOtherSizes() {
    try (Slabs slabs = new Slabs(Blocks.best(), 100 * MIB)) {
      Slabs.Slab a = slabs.take(80 * MIB);
      Exception e = assertThrows(IllegalStateException.class, () -> slabs.take(40 * MIB));
      assertEquals(
          "CpuDevice: out of memory; got a request for 41,943,040 bytes with 83,886,080 live,"
              + " 83,886,080 reserved and a limit of 104,857,600; close scopes or raise the limit",
          e.getMessage());
      assertEquals(80 * MIB, slabs.memory().liveBytes());
      slabs.give(a);
      slabs.give(slabs.take(40 * MIB));
      assertEquals(40 * MIB, slabs.memory().reservedBytes(), "the 80 went back");
      assertEquals(80 * MIB, slabs.memory().peakBytes());
    }
  }

  @Test
  void smallSlabsUseWhatIsLeftOfTheLimit() {
    try (Slabs slabs = new Slabs(Blocks.PLAIN, MIB)) {
      for (int i = 0; i < 4; i++) {
        slabs.take(256 << 10);
      }
      assertThrows(IllegalStateException.class, () -> slabs.take(1));
      assertEquals(MIB, slabs.memory().reservedBytes());
    }
  }

  @Test
  void aRefusalOfTheSystemLeavesTheOpenBlockAsItWas() {
    try (Slabs slabs = new Slabs(Blocks.PLAIN, 48 * MIB)) {
      Slabs.Slab first = slabs.take(16 * MIB);
      first.segment().set(ValueLayout.JAVA_LONG, 0, 42);
      slabs.take(16 * MIB);
      slabs.take(16 * MIB);
      for (int i = 0; i < 3; i++) {
        assertThrows(IllegalStateException.class, () -> slabs.take(16 * MIB));
        assertThrows(IllegalStateException.class, () -> slabs.take(1));
      }
      assertEquals(42, first.segment().get(ValueLayout.JAVA_LONG, 0));
      assertEquals(48 * MIB, slabs.memory().reservedBytes());
    }
  }

  @Test
  void closeUnmapsLiveAndPinnedSlabsToo() {
    Slabs slabs = new Slabs(Blocks.best(), 512 * MIB);
    MemorySegment small = slabs.take(100).segment();
    Slabs.Slab pinned = slabs.take(64 * MIB);
    pinned.pin();
    MemorySegment large = slabs.take(64 * MIB).segment();
    slabs.close();
    for (MemorySegment s : List.of(small, pinned.segment(), large)) {
      assertFalse(s.scope().isAlive());
      assertThrows(IllegalStateException.class, () -> s.get(ValueLayout.JAVA_BYTE, 0));
    }
    slabs.give(pinned);
    assertThrows(IllegalStateException.class, () -> slabs.take(1));
    slabs.close();
  }

  @Test
  void blocksAreAlignedToTheirPages() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment plain = Blocks.PLAIN.block(arena, 1000);
      assertEquals(0, plain.address() % 64);
      if (Blocks.best() == Blocks.HUGE_PAGES) {
        MemorySegment huge = Blocks.HUGE_PAGES.block(arena, 3 * MIB);
        assertEquals(0, huge.address() % (2 * MIB));
        assertEquals(3 * MIB, huge.byteSize());
      }
    }
  }
}

package dev.gatun.cpu;

import dev.gatun.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Where large blocks of memory come from: anonymous mappings on huge pages, where native access is
/// granted on Linux, and plain arenas elsewhere. On streaming work huge pages are 5-10 % faster.
enum Blocks {
  HUGE_PAGES {
    @Override
    @SuppressWarnings("restricted") // asked for in best()
    MemorySegment block(Arena arena, long bytes) {
      long mapped = bytes + HUGE;
      MemorySegment raw =
          LibC.mmap(
              MemorySegment.NULL,
              mapped,
              LibC.PROT_READ() | LibC.PROT_WRITE(),
              LibC.MAP_PRIVATE() | LibC.MAP_ANONYMOUS(),
              -1,
              0);
      if (raw.address() == -1) {
        throw new IllegalStateException(
            "CpuDevice: out of memory; got a refusal of the system to map %,d bytes"
                .formatted(mapped));
      }
      long address = raw.address();
      MemorySegment all =
          MemorySegment.ofAddress(address).reinterpret(mapped, arena, s -> LibC.munmap(s, mapped));
      MemorySegment aligned = all.asSlice(-address & HUGE - 1, bytes);
      // Without huge pages the advice fails and the block is as good as any other.
      LibC.madvise(aligned, bytes, LibC.MADV_HUGEPAGE());
      return aligned;
    }
  },
  PLAIN {
    @Override
    MemorySegment block(Arena arena, long bytes) {
      try {
        return arena.allocate(bytes, 64);
      } catch (OutOfMemoryError e) {
        throw new IllegalStateException(
            ("CpuDevice: out of memory; got a refusal of the system to allocate %,d bytes; grant"
                    + " native access or raise -XX:MaxDirectMemorySize")
                .formatted(bytes),
            e);
      }
    }
  };

  private static final long HUGE = 2L << 20;

  /// `bytes` of memory, 64-byte aligned, freed when `arena` closes.
  ///
  /// @throws IllegalStateException if the system has none
  abstract MemorySegment block(Arena arena, long bytes);

  /// The best source that this process may use. Only asks, so nothing is warned of.
  static Blocks best() {
    boolean granted = nativeAccess();
    return granted && System.getProperty("os.name").equals("Linux") ? HUGE_PAGES : PLAIN;
  }

  /// True if both modules may call restricted methods.
  static boolean nativeAccess() {
    return Blocks.class.getModule().isNativeAccessEnabled()
        && LibC.class.getModule().isNativeAccessEnabled();
  }
}

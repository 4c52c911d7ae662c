package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Convert;
import dev.gatun.cpu.simd.ConvertHalf;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Vector form of [Cast]: every pair of types is a path of up to four passes over a run that stays
/// in the first-level cache. Passes that come before others are exact, or round to odd, or only
/// drop bits that the last would drop, so that a path rounds once.
final class CastSimd {
  static final Workers.Body BODY = CastSimd::block;

  /// Elements that go through all passes at a time.
  private static final int RUN = 1024;

  private static final int STAGE = RUN * Long.BYTES;
  private static final Map<DType, Map<DType, Step[]>> PATHS = paths();

  private CastSimd() {}

  /// A loop from `n` elements at byte offset `xo` of `x` to `n` at `yo` of `y`.
  private interface Pass {
    void run(MemorySegment x, long xo, MemorySegment y, long yo, int n);
  }

  /// A pass and the type it leaves.
  private record Step(Pass pass, DType to) {}

  /// Two stages for each worker.
  static long scratch(int workers) {
    return 2L * workers * STAGE;
  }

  private static void block(Call c, long phase, int block, int worker) {
    DType from = c.dtype();
    DType to = c.outSpec(0).dtype();
    Step[] path = Objects.requireNonNull(Objects.requireNonNull(PATHS.get(from)).get(to));
    long at = (long) block * Cast.BLOCK;
    long end = Math.min(at + Cast.BLOCK, c.outShape(0).elems());
    if (path.length == 0) {
      int bytes = from.bytes();
      MemorySegment.copy(c.in(0), at * bytes, c.out(0), at * bytes, (end - at) * bytes);
    } else if (path.length == 1) {
      int n = (int) (end - at);
      path[0].pass().run(c.in(0), at * from.bytes(), c.out(0), at * to.bytes(), n);
    } else {
      for (; at < end; at += RUN) {
        run(c, path, worker, at, (int) Math.min(RUN, end - at));
      }
    }
  }

  private static void run(Call c, Step[] path, int worker, long at, int n) {
    MemorySegment x = c.in(0);
    long xo = at * c.dtype().bytes();
    for (int i = 0; i < path.length; i++) {
      boolean last = i == path.length - 1;
      MemorySegment y = last ? c.out(0) : c.scratch();
      long yo = last ? at * path[i].to().bytes() : (2L * worker + i % 2) * STAGE;
      path[i].pass().run(x, xo, y, yo, n);
      x = y;
      xo = yo;
    }
  }

  private static Map<DType, Map<DType, Step[]>> paths() {
    Map<DType, Map<DType, Step[]>> paths = new EnumMap<>(DType.class);
    for (DType from : DType.values()) {
      Map<DType, Step[]> row = new EnumMap<>(DType.class);
      for (DType to : DType.values()) {
        List<Step> path = new ArrayList<>();
        find(from, to, path);
        row.put(to, path.toArray(Step[]::new));
      }
      paths.put(from, row);
    }
    return paths;
  }

  private static void find(DType from, DType to, List<Step> path) {
    if (from == to) {
      return;
    }
    Step next =
        switch (from) {
          case BF16 -> new Step(ConvertHalf::bf16ToF32, DType.F32);
          case F16 -> new Step(ConvertHalf::f16ToF32, DType.F32);
          case I8 -> new Step(Convert::i8ToI32, DType.I32);
          case U8, BOOL -> new Step(Convert::u8ToI32, DType.I32);
          case F32 -> fromF32(to);
          case F64 -> fromF64(to);
          case I32 -> fromI32(to);
          case I64 -> fromI64(to);
        };
    path.add(next);
    boolean saturates = from == DType.F32 || from == DType.F64;
    if (saturates && next.to() == DType.I32 && to != DType.I32) {
      path.add(new Step(to == DType.I8 ? Convert::clampToI8 : Convert::clampToU8, to));
    } else {
      find(next.to(), to, path);
    }
  }

  private static Step fromF32(DType to) {
    return switch (to) {
      case F64 -> new Step(Convert::f32ToF64, to);
      case BF16 -> new Step(ConvertHalf::f32ToBf16, to);
      case F16 -> new Step(ConvertHalf::f32ToF16, to);
      case I64 -> new Step(Convert::f32ToI64, to);
      case BOOL -> new Step(Convert::f32ToBool, to);
      case I32, I8, U8, F32 -> new Step(Convert::f32ToI32, DType.I32);
    };
  }

  private static Step fromF64(DType to) {
    return switch (to) {
      case F32 -> new Step(Convert::f64ToF32, to);
      case BF16, F16 -> new Step(Convert::f64ToOddF32, DType.F32);
      case I64 -> new Step(Convert::f64ToI64, to);
      case BOOL -> new Step(Convert::f64ToBool, to);
      case I32, I8, U8, F64 -> new Step(Convert::f64ToI32, DType.I32);
    };
  }

  private static Step fromI32(DType to) {
    return switch (to) {
      case F32 -> new Step(Convert::i32ToF32, to);
      case F64, BF16, F16 -> new Step(Convert::i32ToF64, DType.F64);
      case I64 -> new Step(Convert::i32ToI64, to);
      case I8, U8 -> new Step(Convert::i32ToI8, to);
      case BOOL, I32 -> new Step(Convert::i32ToBool, DType.BOOL);
    };
  }

  private static Step fromI64(DType to) {
    return switch (to) {
      case F32 -> new Step(Convert::i64ToF32, to);
      case F64 -> new Step(Convert::i64ToF64, to);
      case BF16, F16 -> new Step(Convert::i64ToOddF32, DType.F32);
      case BOOL -> new Step(Convert::i64ToBool, to);
      case I32, I8, U8, I64 -> new Step(Convert::i64ToI32, DType.I32);
    };
  }
}

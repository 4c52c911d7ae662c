package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Pad.Grad]: the middle of each run is copied, then what was added at its ends is
/// added to it. A block owns whole runs, a chunk of neighbours at a time where runs lie side by
/// side.
final class PadGradSimd {
  private static final int BLOCK = 16_384;

  // Registers. `MODE` is the number of the mode.
  private static final int OUTER = 0;
  private static final int DIM = 1;
  private static final int INNER = 2;
  private static final int BEFORE = 3;
  private static final int AFTER = 4;
  private static final int MODE = 5;
  private static final int CHUNK = 6;
  private static final int CHUNKS = 7;
  private static final int GROUP = 8;

  private static final List<Pad.Mode> MODES = List.of(Pad.Mode.values());
  private static final Loop.Binary ADD_F32 = Loop.f32((FloatVector x, FloatVector y) -> x.add(y));
  private static final Loop.Binary ADD_F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y));
  private static final Workers.Body BODY = PadGradSimd::block;

  private PadGradSimd() {}

  static void run(Pad.Grad op, Call c, Workers w) {
    Shape dx = c.outShape(0);
    if (dx.elems() == 0) {
      return;
    }
    long[] r = c.registers();
    r[OUTER] = dx.elems(0, op.axis());
    r[DIM] = dx.dim(op.axis());
    r[INNER] = dx.elems(op.axis() + 1, dx.rank());
    r[BEFORE] = op.before();
    r[AFTER] = op.after();
    r[MODE] = MODES.indexOf(op.mode());
    r[CHUNK] = r[INNER] * r[DIM] <= BLOCK ? r[INNER] : Math.min(r[INNER], 2048);
    r[CHUNKS] = (r[INNER] + r[CHUNK] - 1) / r[CHUNK];
    r[GROUP] = Math.max(1, BLOCK / (r[DIM] * r[CHUNK]));
    long groups = (r[OUTER] + r[GROUP] - 1) / r[GROUP];
    w.run(BODY, c, 0, Math.toIntExact(groups * r[CHUNKS]));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long column = block % r[CHUNKS] * r[CHUNK];
    int n = (int) Math.min(r[CHUNK], r[INNER] - column);
    long first = block / r[CHUNKS] * r[GROUP];
    long end = Math.min(r[OUTER], first + r[GROUP]);
    for (long o = first; o < end; o++) {
      long padded = r[BEFORE] + r[DIM] + r[AFTER];
      middle(c, (o * padded + r[BEFORE]) * r[INNER] + column, o * r[DIM] * r[INNER] + column, n);
      ends(c, o * padded * r[INNER] + column, o * r[DIM] * r[INNER] + column, n);
    }
  }

  private static void middle(Call c, long from, long to, int n) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    if (n == r[INNER]) {
      BytesSimd.copy(c.in(0), from * bytes, c.out(0), to * bytes, r[DIM] * n * bytes);
      return;
    }
    for (long j = 0; j < r[DIM]; j++) {
      long row = j * r[INNER];
      BytesSimd.copy(c.in(0), (from + row) * bytes, c.out(0), (to + row) * bytes, n * bytes);
    }
  }

  private static void ends(Call c, long from, long to, int n) {
    long[] r = c.registers();
    Pad.Mode mode = MODES.get((int) r[MODE]);
    for (long i = -r[BEFORE]; i < r[DIM] + r[AFTER]; i++) {
      if (i == 0) {
        i = r[DIM];
        if (r[AFTER] == 0) {
          return;
        }
      }
      long j = mode.source(i, r[DIM]);
      if (j != Moves.NONE) {
        add(c, from + (i + r[BEFORE]) * r[INNER], to + j * r[INNER], n);
      }
    }
  }

  private static void add(Call c, long from, long to, int n) {
    MemorySegment dy = c.in(0);
    MemorySegment dx = c.out(0);
    boolean f32 = c.dtype() == DType.F32;
    if (n > 1) {
      (f32 ? ADD_F32 : ADD_F64).run(dx, to, 0, dy, from, 0, dx, to, 1, n);
    } else if (f32) {
      dx.set(Lanes.FLOAT, to * 4, dx.get(Lanes.FLOAT, to * 4) + dy.get(Lanes.FLOAT, from * 4));
    } else {
      dx.set(Lanes.DOUBLE, to * 8, dx.get(Lanes.DOUBLE, to * 8) + dy.get(Lanes.DOUBLE, from * 8));
    }
  }
}

package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [CausalConv1dGrad]. A block is a channel, which goes through the batch in order,
/// so that no sum crosses blocks.
final class CausalConv1dGradSimd {
  // Registers beyond those of CausalConv1dSimd.
  private static final int DFINAL = 16;
  private static final int DSTATE = 17;
  private static final int DBIAS = 18;
  private static final int SILU = 19;
  private static final int SPARE = 20;

  /// `dy silu'(p)`
  static final Loop.Binary SLOPE_F32 =
      Loop.f32((FloatVector dy, FloatVector p) -> {
        FloatVector s = SigmoidLanes.f32(p);
        return dy.mul(s.mul(p.mul(s.neg().add(1)).add(1)));
      });

  static final Loop.Binary SLOPE_F64 =
      Loop.f64((DoubleVector dy, DoubleVector p) -> {
        DoubleVector s = SigmoidLanes.f64(p);
        return dy.mul(s.mul(p.mul(s.neg().add(1)).add(1)));
      });

  private static final Workers.Body CHANNEL = CausalConv1dGradSimd::channel;

  private CausalConv1dGradSimd() {}

  static void run(CausalConv1dGrad op, Call c, Workers w) {
    CausalConv1d conv = op.conv();
    CausalConv1dSimd.plan(conv, c, CausalConv1dGrad.X);
    long[] r = c.registers();
    Shape x = c.inShape(CausalConv1dGrad.X);
    r[DFINAL] = op.finalState() ? op.dfinal() : -1;
    r[DSTATE] = conv.initialState() ? conv.state() : -1;
    r[DBIAS] = conv.bias() ? 2 : -1;
    r[SILU] = conv.activation() == Activation.SILU ? 1 : 0;
    r[SPARE] = CausalConv1dGrad.spare(x, c.inShape(CausalConv1dGrad.WEIGHT).dim(1));
    w.run(CHANNEL, c, 0, Math.toIntExact(x.dim(1)));
  }

  private static void channel(Call c, long phase, int d, int worker) {
    long[] r = c.registers();
    DType type = c.dtype();
    Shape x = c.inShape(CausalConv1dGrad.X);
    int taps = (int) c.inShape(CausalConv1dGrad.WEIGHT).dim(1);
    long spare = worker * r[SPARE];
    for (int k = 0; k < taps; k++) {
      type.write(c.out(1), (long) d * taps + k, 0);
    }
    double db = 0;
    for (long b = 0; b < x.dim(0); b++) {
      db += row(c, b * x.dim(1) + d, d, taps, spare);
    }
    if (r[DBIAS] >= 0) {
      type.write(c.out((int) r[DBIAS]), d, db);
    }
  }

  /// One row: `g` between zeros in scratch, then every gradient from it. Returns the sum of `g`.
  private static double row(Call c, long row, int d, int taps, long spare) {
    long[] r = c.registers();
    DType type = c.dtype();
    MemorySegment s = c.scratch();
    int size = type.bytes();
    int l = Math.toIntExact(c.inShape(CausalConv1dGrad.X).dim(2));
    int lead = taps - 1;
    long g = spare + lead;
    for (int i = 0; i < lead; i++) {
      type.write(s, spare + i, 0);
      type.write(s, g + l + i, 0);
    }
    if (r[SILU] == 1) {
      CausalConv1dSimd.convolve(c, row, 0, l, s, g);
      (type == DType.F32 ? SLOPE_F32 : SLOPE_F64).run(c.in(0), row * l, 0, s, g, 0, s, g, 1, l);
    } else {
      MemorySegment.copy(c.in(0), row * l * size, s, g * size, (long) l * size);
    }
    inputs(c, row, d, taps, spare, l);
    weights(c, row, d, taps, g, l);
    long sum = g + l + lead;
    if (type == DType.F32) {
      ReduceF32.sumRows(s, g, s, sum, 0, 1, l, 1);
    } else {
      ReduceF64.sumRows(s, g, s, sum, 0, 1, l, 1);
    }
    return type.read(s, sum);
  }

  /// The filter backwards over `g`, and the gradient of the final state on top.
  private static void inputs(Call c, long row, int d, int taps, long spare, int l) {
    long[] r = c.registers();
    DType type = c.dtype();
    int lead = taps - 1;
    long last = (long) d * taps + lead;
    correlate(c, spare + lead, last, taps, c.out(0), row * l, l);
    if (r[DSTATE] >= 0) {
      correlate(c, spare, last, taps, c.out((int) r[DSTATE]), row * lead, lead);
    }
    for (int j = 0; r[DFINAL] >= 0 && j < lead; j++) {
      double v = c.get((int) r[DFINAL], row * lead + j);
      int t = l + j - lead;
      if (t >= 0) {
        add(type, c.out(0), row * l + t, v);
      } else if (r[DSTATE] >= 0) {
        add(type, c.out((int) r[DSTATE]), row * lead + l + j, v);
      }
    }
  }

  private static void correlate(
      Call c, long at, long last, int taps, MemorySegment y, long yAt, int n) {
    MemorySegment w = c.in(CausalConv1dGrad.WEIGHT);
    if (c.dtype() == DType.F32) {
      CorrelateSimd.f32(c.scratch(), at, w, last, -1, taps, 0, y, yAt, n);
    } else {
      CorrelateSimd.f64(c.scratch(), at, w, last, -1, taps, 0, y, yAt, n);
    }
  }

  private static void weights(Call c, long row, int d, int taps, long g, int l) {
    DType type = c.dtype();
    MemorySegment s = c.scratch();
    MemorySegment x = c.in(CausalConv1dGrad.X);
    for (int k = 0; k < taps; k++) {
      int head = Math.min(l, taps - 1 - k);
      double sum =
          type == DType.F32
              ? CorrelateSimd.dotF32(s, g + head, x, row * l, l - head)
              : CorrelateSimd.dotF64(s, g + head, x, row * l, l - head);
      for (int t = 0; t < head; t++) {
        sum += type.read(s, g + t) * CausalConv1dSimd.input(c, row, t - taps + 1 + k);
      }
      add(type, c.out(1), (long) d * taps + k, sum);
    }
  }

  private static void add(DType type, MemorySegment y, long at, double v) {
    type.write(y, at, type.read(y, at) + v);
  }
}

package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector form of [Conv] and [ConvTranspose] where every channel is a group of its own with few
/// outputs: taps straight from a padded band of one plane.
final class DepthwiseSimd {
  private static final int BIAS = BandSimd.FIRST;
  private static final int ACTIVATION = BIAS + 1;

  /// Outputs of a channel up to which this is faster than a product with packed patches.
  private static final int MOST_OUTPUTS = 4;

  private static final Workers.Body FORWARD = DepthwiseSimd::forward;
  private static final Workers.Body BACK = DepthwiseSimd::back;

  private DepthwiseSimd() {}

  static boolean takes(long[] r) {
    return r[Grid.CHANNELS] == 1 && r[Grid.OUTPUTS] <= MOST_OUTPUTS;
  }

  static long scratch(long[] r, DType type, int workers) {
    BandSimd.plan(r, type.bytes(), false);
    return workers * r[BandSimd.BYTES];
  }

  static void run(Conv op, Call c, Workers w) {
    long[] r = c.registers();
    BandSimd.plan(r, c.dtype().bytes(), false);
    r[BIAS] = op.bias() ? 2 : -1;
    r[ACTIVATION] = ActivationSimd.number(op.activation());
    long planes = r[Grid.BATCH] * r[Grid.GROUPS];
    w.run(FORWARD, c, 0, Math.toIntExact(planes * r[BandSimd.BANDS] * r[BandSimd.PIECES]));
  }

  static void run(ConvTranspose op, Call c, Workers w) {
    long[] r = c.registers();
    BandSimd.plan(r, c.dtype().bytes(), false);
    r[BIAS] = op.bias() ? 2 : -1;
    w.run(BACK, c, 0, Math.toIntExact(r[Grid.BATCH] * r[Grid.GROUPS]));
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long ow = block % r[BandSimd.PIECES] * r[BandSimd.COLUMNS];
    long oh = block / r[BandSimd.PIECES] % r[BandSimd.BANDS] * r[BandSimd.ROWS];
    long plane = block / r[BandSimd.PIECES] / r[BandSimd.BANDS];
    long rows = Math.min(r[BandSimd.ROWS], Grid.outH(r) - oh);
    int n = (int) Math.min(r[BandSimd.COLUMNS], Grid.outW(r) - ow);
    long mine = worker * r[BandSimd.BYTES];
    long band = mine + r[BandSimd.BAND];
    BandSimd.table(r, wide, c.scratch(), mine);
    BandSimd.pack(c, c.in(0), plane * Grid.plane(r), oh, rows, ow, n, 0, band);
    for (long o = 0; o < r[Grid.OUTPUTS]; o++) {
      long output = plane % r[Grid.GROUPS] * r[Grid.OUTPUTS] + o;
      double bias = r[BIAS] < 0 ? 0 : c.get((int) r[BIAS], output);
      long yAt = (plane * r[Grid.OUTPUTS] + o) * Grid.pixels(r) + ow;
      for (long i = 0; i < rows; i++) {
        long at = yAt + (oh + i) * Grid.outW(r);
        row(c, mine, band + i * BandSimd.step(r, wide), output * Grid.taps(r), bias, at, n);
      }
    }
  }

  private static void row(Call c, long mine, long band, long wAt, double bias, long yAt, int n) {
    long[] r = c.registers();
    int taps = Grid.taps(r);
    long spare = mine + r[BandSimd.ROW];
    MemorySegment s = c.scratch();
    MemorySegment w = c.in(1);
    MemorySegment y = c.out(0);
    if (c.dtype() == DType.F32) {
      TapsF32Simd.weigh(s, band, mine, taps, w, wAt * 4, (float) bias, y, yAt * 4, n, spare);
    } else {
      TapsF64Simd.weigh(s, band, mine, taps, w, wAt * 8, bias, y, yAt * 8, n, spare);
    }
    Loop.Unary activation = ActivationSimd.of((int) r[ACTIVATION], c.dtype().bytes());
    if (activation != Gemm.IDENTITY) {
      activation.run(y, yAt, y, yAt, n);
    }
  }

  private static void back(Call c, long phase, int plane, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long at = plane * Grid.plane(r);
    if (r[BIAS] >= 0) {
      PatchesSimd.fill(c, (int) r[BIAS], plane % r[Grid.GROUPS], c.out(0), at, Grid.plane(r));
    } else {
      Lanes.clear(c.out(0), at * wide, Grid.plane(r) * wide);
    }
    long mine = worker * r[BandSimd.BYTES];
    BandSimd.table(r, wide, c.scratch(), mine);
    for (long oh = 0; oh < Grid.outH(r); oh += r[BandSimd.ROWS]) {
      for (long ow = 0; ow < Grid.outW(r); ow += r[BandSimd.COLUMNS]) {
        band(c, plane, oh, ow, mine);
      }
    }
  }

  private static void band(Call c, long plane, long oh, long ow, long mine) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    int taps = Grid.taps(r);
    long rows = Math.min(r[BandSimd.ROWS], Grid.outH(r) - oh);
    int n = (int) Math.min(r[BandSimd.COLUMNS], Grid.outW(r) - ow);
    long band = mine + r[BandSimd.BAND];
    BandSimd.clear(c, band, rows);
    for (long o = 0; o < r[Grid.OUTPUTS]; o++) {
      long wAt = (plane % r[Grid.GROUPS] * r[Grid.OUTPUTS] + o) * taps * wide;
      for (long i = 0; i < rows; i++) {
        long from = band + i * BandSimd.step(r, wide);
        long dyAt = (plane * r[Grid.OUTPUTS] + o) * Grid.pixels(r) + (oh + i) * Grid.outW(r) + ow;
        if (wide == 4) {
          TapsF32Simd.weighBack(c.scratch(), from, mine, taps, c.in(1), wAt, c.in(0), dyAt * 4, n);
        } else {
          TapsF64Simd.weighBack(c.scratch(), from, mine, taps, c.in(1), wAt, c.in(0), dyAt * 8, n);
        }
      }
    }
    BandSimd.add(c, band, c.out(0), plane * Grid.plane(r), oh, rows, ow, n);
  }
}

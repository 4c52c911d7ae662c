package dev.gatun.op.sequence.scan;

import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// How [SelectiveScan] is cut into blocks, and where a worker's arrays lie, in elements. A block is
/// up to 128 channels of one group and one row of the batch, through all steps: its arrays stay in
/// the second cache, those of a vector of channels in the first.
final class SelectiveWork {
  /// Channels of a block where there are enough of them; fewer, so that there are blocks to share.
  private static final int WIDTH = 128;

  private static final int LEAST_WIDTH = 16;
  private static final int BLOCKS = 8;

  // Registers.
  static final int BATCH = 0;
  static final int STEPS = 1;
  static final int CHANNELS = 2;

  /// Rows of `a`.
  static final int ROWS = 3;

  /// Modes, each of one row or two.
  static final int MODES = 4;

  static final int GROUPS = 5;
  static final int WIDE = 6;

  /// Blocks of a group.
  static final int PIECES = 7;

  /// Elements of a worker.
  static final int OWN = 8;

  private static final int PER_CHANNEL = 9;
  private static final int PER_STEP = 10;
  private static final int ROWS_OF_TIME = 11;
  private static final int VECTORS = 12;
  private static final int SUMS = 13;
  private static final int LANES = 14;

  /// Registers from here on are the kernel's own.
  static final int FREE = 16;

  private static final int OF_MODES = 9;
  private static final int OF_CHANNELS = 5;
  private static final int OF_STEPS = 10;
  private static final int OF_VECTORS = 20;

  private SelectiveWork() {}

  private static long groups(List<Spec> in, int first) {
    return Math.max(
        SelectiveScan.groups(in.get(first + SelectiveScan.B)),
        SelectiveScan.groups(in.get(first + SelectiveScan.C)));
  }

  /// Works out the numbers above; inputs of the scan start at `first`.
  static void plan(Call c, boolean complex, int first, boolean back) {
    fill(
        c.registers(),
        c.inShape(first),
        c.inShape(first + SelectiveScan.A).dim(0),
        Math.max(
            SelectiveScan.groups(c.inSpec(first + SelectiveScan.B)),
            SelectiveScan.groups(c.inSpec(first + SelectiveScan.C))),
        c.dtype(),
        complex,
        back);
  }

  /// Elements of a worker, and blocks of a group.
  static long[] sizes(List<Spec> in, int first, boolean back) {
    long[] r = new long[FREE];
    Spec u = in.get(first);
    long rows = in.get(first + SelectiveScan.A).shape().dim(0);
    fill(r, u.shape(), rows, groups(in, first), u.dtype(), false, back);
    return r;
  }

  private static void fill(
      long[] r, Shape u, long rows, long groups, DType type, boolean complex, boolean back) {
    r[BATCH] = u.dim(0);
    r[STEPS] = u.dim(1);
    r[CHANNELS] = u.dim(2);
    r[ROWS] = rows;
    r[MODES] = complex ? rows / 2 : rows;
    r[GROUPS] = groups;
    long own = r[CHANNELS] / groups;
    long width = WIDTH;
    while (width > LEAST_WIDTH && r[BATCH] * groups * Math.ceilDiv(own, width) < BLOCKS) {
      width /= 2;
    }
    r[WIDE] = width;
    r[PIECES] = Math.ceilDiv(own, width);
    r[LANES] = SelectiveLoopsSimd.of(type).lanes();
    long chunk = SelectiveScan.CHUNK;
    r[PER_CHANNEL] = OF_MODES * rows * width;
    r[PER_STEP] = r[PER_CHANNEL] + OF_CHANNELS * width;
    r[ROWS_OF_TIME] = r[PER_STEP] + OF_STEPS * chunk * width;
    r[VECTORS] = r[ROWS_OF_TIME] + 2 * chunk * rows;
    // Everything before starts at a vector.
    r[VECTORS] = (r[VECTORS] + 15) / 16 * 16;
    r[SUMS] = r[VECTORS] + OF_VECTORS * chunk * r[LANES] + chunk;
    r[OWN] = (r[SUMS] + (back ? 2 * rows * chunk * r[LANES] : 0) + 15) / 16 * 16;
  }

  /// Array `k` of numbers for each mode and channel, `[vectors][rows][lanes]`.
  static long modes(long[] r, long own, int k) {
    return own + k * r[ROWS] * r[WIDE];
  }

  /// Array `k` of numbers for each channel.
  static long channels(long[] r, long own, int k) {
    return own + r[PER_CHANNEL] + k * r[WIDE];
  }

  /// Array `k` of numbers for each step and channel, `[vectors][steps][lanes]`.
  static long steps(long[] r, long own, int k) {
    return own + r[PER_STEP] + k * SelectiveScan.CHUNK * r[WIDE];
  }

  /// Array `k` of numbers for each step and mode.
  static long rows(long[] r, long own, int k) {
    return own + r[ROWS_OF_TIME] + k * SelectiveScan.CHUNK * r[ROWS];
  }

  /// Array `k` of numbers for each step of a vector.
  static long vector(long[] r, long own, int k) {
    return own + r[VECTORS] + k * SelectiveScan.CHUNK * r[LANES];
  }

  /// A one for each step.
  static long ones(long[] r, long own) {
    return vector(r, own, OF_VECTORS);
  }

  /// Array `k` of sums for each mode and step, a vector each.
  static long sums(long[] r, long own, int k) {
    return own + r[SUMS] + k * r[ROWS] * SelectiveScan.CHUNK * r[LANES];
  }
}

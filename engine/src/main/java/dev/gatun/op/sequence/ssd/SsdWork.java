package dev.gatun.op.sequence.ssd;

import dev.gatun.cpu.simd.DecayTile;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// How an [Ssd] is cut into blocks, and where work memory has what, in bytes. A block is some heads
/// of one group and one row of the batch, through all steps: what belongs to the group is made for
/// all of them.
///
/// All matrices are panels of 64 columns, rows of a panel next to each other: `[T, 64]` for what
/// belongs to steps, `[N, 64]` or `[P, 64]` for states. In order: a number for each block, copies
/// of the gradients of `b` and `c` for each piece of a group, then what each worker has.
final class SsdWork {
  /// Heads of a block where there are enough of them; fewer, so that there are blocks to share.
  private static final int HEADS_AT_ONCE = 4;

  private static final int BLOCKS = 8;

  /// Columns of a panel, and the most rows of one that belongs to steps.
  static final int WIDE = DecayTile.WIDE;

  // Registers.
  static final int BATCH = 0;
  static final int STEPS = 1;
  static final int HEADS = 2;
  static final int CHANNELS = 3;
  static final int GROUPS = 4;
  static final int MODES = 5;

  /// Steps of a chunk.
  static final int CHUNK = 6;

  /// Bytes of an element.
  static final int SIZE = 7;

  /// Heads of a block, and blocks of a group.
  static final int PER = 8;

  static final int PIECES = 9;

  /// Panels of `x` and of `b`.
  static final int OF_X = 10;

  static final int OF_B = 11;

  /// Bytes of a tile of steps, of a state, and of one copy of the gradient of `b`.
  static final int TILE = 12;

  static final int WHOLE = 13;
  static final int COPY = 14;

  /// Where copies start, where workers do, and bytes of one.
  static final int COPIES_AT = 15;

  static final int WORKERS_AT = 16;
  static final int OWN = 17;

  private static final int VECTORS = 16;

  private SsdWork() {}

  /// Works out the numbers above; inputs of the scan start at `first`.
  static void plan(Ssd op, Call c, int first) {
    fill(c.registers(), op, c.dtype(), c.inShape(first), c.inShape(first + Ssd.B), first > 0);
  }

  /// Bytes for `workers`.
  static long bytes(Ssd op, List<Spec> in, int first, int workers) {
    long[] r = new long[OWN + 1];
    Spec x = in.get(first);
    fill(r, op, x.dtype(), x.shape(), in.get(first + Ssd.B).shape(), first > 0);
    return r[WORKERS_AT] + workers * r[OWN];
  }

  private static void fill(long[] r, Ssd op, DType t, Shape x, Shape b, boolean back) {
    r[BATCH] = x.dim(0);
    r[STEPS] = x.dim(1);
    r[HEADS] = x.dim(2);
    r[CHANNELS] = x.dim(3);
    r[GROUPS] = b.dim(2);
    r[MODES] = b.dim(3);
    r[CHUNK] = Math.min(op.chunk(), WIDE);
    r[SIZE] = t.bytes();
    long heads = r[HEADS] / r[GROUPS];
    long per = Math.max(1, Math.min(heads, HEADS_AT_ONCE));
    while (per > 1 && r[BATCH] * r[GROUPS] * Math.ceilDiv(heads, per) < BLOCKS) {
      per /= 2;
    }
    r[PER] = per;
    r[PIECES] = Math.ceilDiv(heads, per);
    r[OF_X] = Math.ceilDiv(r[CHANNELS], (long) WIDE);
    r[OF_B] = Math.ceilDiv(r[MODES], (long) WIDE);
    // Three lines more than a power of two.
    r[TILE] = WIDE * WIDE * r[SIZE] + 192;
    r[WHOLE] = r[OF_X] * r[OF_B] * WIDE * WIDE * r[SIZE];
    r[COPY] = back && r[PIECES] > 1 ? round(b.elems() * r[SIZE]) : 0;
    r[COPIES_AT] = round(blocks(r) * r[SIZE]);
    r[WORKERS_AT] = r[COPIES_AT] + 2 * r[PIECES] * r[COPY];
    long tiles = back ? 3 * r[OF_X] + 6 * r[OF_B] + 4 : 2 * r[OF_X] + 3 * r[OF_B] + 4;
    long chunks = Math.ceilDiv(r[STEPS], r[CHUNK]);
    long states = back ? chunks + 3 : per;
    r[OWN] = tiles * r[TILE] + states * r[WHOLE] + (long) VECTORS * WIDE * r[SIZE];
  }

  private static long round(long bytes) {
    return Math.ceilDiv(bytes, 64L) * 64;
  }

  static long blocks(long[] r) {
    return r[BATCH] * r[GROUPS] * r[PIECES];
  }

  static long own(long[] r, int worker) {
    return r[WORKERS_AT] + worker * r[OWN];
  }

  /// Vector `k` of [#WIDE] elements.
  static long vector(long[] r, long own, int k) {
    return own + k * WIDE * r[SIZE];
  }

  /// Tile `k`.
  static long tile(long[] r, long own, long k) {
    return own + VECTORS * WIDE * r[SIZE] + k * r[TILE];
  }

  /// State `k`, behind `tiles` tiles.
  static long state(long[] r, long own, long tiles, long k) {
    return tile(r, own, tiles) + k * r[WHOLE];
  }

  /// Row `i` of a panel.
  static long row(long[] r, long i) {
    return i * WIDE * r[SIZE];
  }

  static long batch(long[] r, int block) {
    return block / (r[PIECES] * r[GROUPS]);
  }

  static long group(long[] r, int block) {
    return block / r[PIECES] % r[GROUPS];
  }

  static long piece(long[] r, int block) {
    return block % r[PIECES];
  }

  /// First head of a block.
  static long head(long[] r, int block) {
    return group(r, block) * (r[HEADS] / r[GROUPS]) + piece(r, block) * r[PER];
  }

  /// Heads of a block.
  static int heads(long[] r, int block) {
    return (int) Math.min(r[PER], r[HEADS] / r[GROUPS] - piece(r, block) * r[PER]);
  }

  /// Bytes before the row of `x` at a step.
  static long ofHead(long[] r, long batch, long t, long head) {
    return ((batch * r[STEPS] + t) * r[HEADS] + head) * r[CHANNELS] * r[SIZE];
  }

  /// Bytes before the row of `b` at a step.
  static long ofGroup(long[] r, long batch, long t, long group) {
    return ((batch * r[STEPS] + t) * r[GROUPS] + group) * r[MODES] * r[SIZE];
  }

  /// Bytes before a state.
  static long ofState(long[] r, long batch, long head) {
    return (batch * r[HEADS] + head) * r[CHANNELS] * r[MODES] * r[SIZE];
  }

  /// Columns of panel `k` of `width` columns.
  static int columns(long width, int k) {
    return (int) Math.min(WIDE, width - (long) k * WIDE);
  }
}

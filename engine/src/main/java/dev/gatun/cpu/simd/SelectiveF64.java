package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Recurrences of `dev.gatun.op.sequence.scan.SelectiveScan`, F64: a vector of channels and one
/// mode, through the steps of a chunk. Channels lie in the lanes, so nothing is summed across them.
/// Work arrays of steps are `[rows][lanes]` in one segment; offsets are in elements. `b` and `c`
/// are numbers, `stride` apart; where they are 1 for all, `stride` is 0.
///
/// Gates are `2^(dt a)`, `a` having been multiplied by `log2(e)`. Where `dt a` is known to stay in
/// the range of exponents, the plain forms do; what leaves it or is NaN takes the others.
public final class SelectiveF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;
  private static final double RANGE = 1022;

  private SelectiveF64() {}

  private static DoubleVector number(MemorySegment s, long at) {
    return DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at * SIZE));
  }

  private static void store(DoubleVector v, MemorySegment s, long at) {
    v.intoMemorySegment(s, at * SIZE, Lanes.ORDER);
  }

  /// Below the normal numbers arithmetic is a hundred times slower.
  private static DoubleVector normal(DoubleVector h) {
    return h.blend(0, h.abs().compare(LT, Double.MIN_NORMAL));
  }

  /// Whether `|a|` times the largest `|dt|` is an exponent of normal numbers.
  public static boolean inRange(MemorySegment s, long a, long largest) {
    return load(s, a * SIZE).abs().mul(load(s, largest * SIZE)).compare(LE, RANGE).allTrue();
  }

  /// [#inRange] for all modes.
  public static boolean allInRange(MemorySegment s, long a, long largest, int modes) {
    boolean fits = true;
    for (int m = 0; m < modes; m++) {
      fits &= inRange(s, a + (long) m * LANES, largest);
    }
    return fits;
  }

  private static DoubleVector anyExp2(DoubleVector x) {
    DoubleVector y =
        x.blend(-RANGE - 1, x.compare(LT, -RANGE)).blend(RANGE + 2, x.compare(GT, RANGE + 2));
    return ExpLanes.moderateExp2F64(y).blend(x, x.test(IS_NAN));
  }

  /// `h = 2^(dt a) h + x b`, `y += c h`.
  public static void scan(
      MemorySegment s, long dt, long a, long x, long b, long c, long y, long h, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector rate = load(s, a * SIZE);
    DoubleVector state = load(s, h * SIZE);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      DoubleVector e = ExpLanes.moderateExp2F64(load(s, (dt + at) * SIZE).mul(rate));
      DoubleVector in = load(s, (x + at) * SIZE).mul(number(s, b + t));
      state = e.fma(state, in);
      DoubleVector sum = load(s, (y + at) * SIZE);
      store(state.fma(number(s, c + t), sum), s, y + at);
    }
    store(normal(state), s, h);
  }

  /// [#scan] of one step of all modes, `lanes` apart: a state is moved on where it lies.
  public static void step(
      MemorySegment s, long dt, long a, long x, long b, long c, long y, long h, int modes) {
    s = Lanes.offHeap(s);
    DoubleVector size = load(s, dt * SIZE);
    DoubleVector in = load(s, x * SIZE);
    DoubleVector sum = load(s, y * SIZE);
    for (int m = 0; m < modes; m++) {
      long at = (long) m * LANES;
      DoubleVector e = ExpLanes.moderateExp2F64(size.mul(load(s, (a + at) * SIZE)));
      DoubleVector state = e.fma(load(s, (h + at) * SIZE), in.mul(number(s, b + m)));
      sum = state.fma(number(s, c + m), sum);
      store(normal(state), s, h + at);
    }
    store(sum, s, y);
  }

  /// `gate = 2^(dt a)`
  public static void gates(MemorySegment s, long dt, long a, long gate, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector rate = load(s, a * SIZE);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      store(ExpLanes.moderateExp2F64(load(s, (dt + at) * SIZE).mul(rate)), s, gate + at);
    }
  }

  /// [#gates] for any exponents.
  public static void anyGates(MemorySegment s, long dt, long a, long gate, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector rate = load(s, a * SIZE);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      store(anyExp2(load(s, (dt + at) * SIZE).mul(rate)), s, gate + at);
    }
  }

  /// `h = gate h + x b`, `y += c h`.
  public static void advance(
      MemorySegment s, long gate, long x, long b, long c, long y, long h, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector state = load(s, h * SIZE);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      DoubleVector in = load(s, (x + at) * SIZE).mul(number(s, b + t));
      state = state.fma(load(s, (gate + at) * SIZE), in);
      DoubleVector sum = load(s, (y + at) * SIZE);
      store(state.fma(number(s, c + t), sum), s, y + at);
    }
    store(normal(state), s, h);
  }

  /// `gate = 2^(dt a)`, `h = gate h + x b`; keeps gates, and states from the one before the first
  /// step on.
  public static void retrace(
      MemorySegment s, long dt, long a, long x, long b, long h, long gate, long states, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector rate = load(s, a * SIZE);
    DoubleVector state = load(s, h * SIZE);
    store(state, s, states);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      DoubleVector e = ExpLanes.moderateExp2F64(load(s, (dt + at) * SIZE).mul(rate));
      store(e, s, gate + at);
      state = e.fma(state, load(s, (x + at) * SIZE).mul(number(s, b + t)));
      store(state, s, states + LANES + at);
    }
  }

  /// [#retrace] with gates that are there.
  public static void trace(
      MemorySegment s, long gate, long x, long b, long h, long states, int rows) {
    s = Lanes.offHeap(s);
    DoubleVector state = load(s, h * SIZE);
    store(state, s, states);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      DoubleVector in = load(s, (x + at) * SIZE).mul(number(s, b + t));
      state = state.fma(load(s, (gate + at) * SIZE), in);
      store(state, s, states + LANES + at);
    }
  }

  /// `y += c x`
  public static void addOutput(MemorySegment s, long x, long c, long y, int rows) {
    s = Lanes.offHeap(s);
    for (int t = 0; t < rows; t++) {
      long at = (long) t * LANES;
      DoubleVector sum = load(s, (y + at) * SIZE);
      store(load(s, (x + at) * SIZE).fma(number(s, c + t), sum), s, y + at);
    }
  }

  /// The steps of [#retrace] from the last to the first: with `g` the gradient of a state, that of
  /// later ones plus `d c`, and `p` what passes its gate, `db += g x`, `dc += up h`, `sums += g b`,
  /// `rates += p h_(t-1) a`, `da += p h_(t-1) dt`. What `g` comes to before the first step replaces
  /// it.
  public static void back(
      MemorySegment s,
      long dt,
      long a,
      long gate,
      long states,
      long x,
      long b,
      long c,
      long d,
      long up,
      long sums,
      long rates,
      long db,
      long dc,
      long da,
      long g,
      int rows) {
    s = Lanes.offHeap(s);
    DoubleVector rate = load(s, a * SIZE);
    DoubleVector carry = load(s, g * SIZE);
    DoubleVector total = DoubleVector.zero(Lanes.F64);
    DoubleVector h = load(s, (states + (long) rows * LANES) * SIZE);
    for (int t = rows - 1; t >= 0; t--) {
      long at = (long) t * LANES;
      DoubleVector grad = load(s, (d + at) * SIZE).fma(number(s, c + t), carry);
      store(h.fma(load(s, (up + at) * SIZE), load(s, (dc + at) * SIZE)), s, dc + at);
      store(grad.fma(load(s, (x + at) * SIZE), load(s, (db + at) * SIZE)), s, db + at);
      store(grad.fma(number(s, b + t), load(s, (sums + at) * SIZE)), s, sums + at);
      carry = grad.mul(load(s, (gate + at) * SIZE));
      h = load(s, (states + at) * SIZE);
      DoubleVector through = carry.mul(h);
      store(through.fma(rate, load(s, (rates + at) * SIZE)), s, rates + at);
      total = through.fma(load(s, (dt + at) * SIZE), total);
    }
    store(normal(carry), s, g);
    store(total.add(load(s, da * SIZE)), s, da);
  }
}

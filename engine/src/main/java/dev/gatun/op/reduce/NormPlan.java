package dev.gatun.op.reduce;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;

/// How the work of a [RowNorm] and its gradient is cut, as registers of their calls. Free of vector
/// types, as the reference path asks for the size of scratch here.
final class NormPlan {
  private static final int BLOCK = 16_384;

  /// Sums for the weights are kept for so many blocks at most.
  private static final int BLOCKS = 128;

  /// Neighbours that share a weight from which on they have a loop of their own; fewer find it
  /// repeated in scratch memory.
  static final int CHANNEL = 64;

  // Runs, their number in a period of the weights, and what to do with them. Operands are numbered
  // by input, -1 where there is none.
  static final int N = 0;
  static final int GROUPS = 1;
  static final int RUNS = 2;
  static final int PER_BLOCK = 3;
  static final int CENTRED = 4;
  static final int EPS = 5;
  static final int WEIGHT = 6;
  static final int BIAS = 7;
  static final int GATE = 8;
  static final int GATE_FIRST = 9;
  static final int SPREAD = 10;

  // Of the gradient: element numbers in scratch, and outputs.
  static final int PARTIALS = 11;
  static final int SUMS = 12;
  static final int SPARE = 13;
  static final int DW = 14;
  static final int DB = 15;

  private NormPlan() {}

  static void forward(RowNorm op, Shape x, long[] r) {
    runs(op, x, r);
    r[WEIGHT] = op.weight() ? op.weightInput() : -1;
    r[BIAS] = op.bias() ? op.biasInput() : -1;
    r[GATE] = op.gate() ? 1 : -1;
    r[PER_BLOCK] = Math.max(1, BLOCK / r[N]);
  }

  static void gradient(RowNormGrad op, Shape x, long[] r) {
    RowNorm norm = op.norm();
    runs(norm, x, r);
    boolean needsBias = norm.gate() && norm.normBeforeGate() && norm.bias();
    r[WEIGHT] = norm.weight() ? op.weight() : -1;
    r[BIAS] = needsBias ? op.bias() : -1;
    r[GATE] = norm.gate() ? RowNormGrad.GATE : -1;
    r[PER_BLOCK] = Math.max(Math.max(1, BLOCK / r[N]), (r[RUNS] + BLOCKS - 1) / BLOCKS);
    r[DW] = norm.weight() ? norm.weightInput() : -1;
    r[DB] = norm.bias() ? norm.biasInput() : -1;
    long width = norm.width(x);
    boolean weights = norm.weight() || norm.bias();
    r[PARTIALS] = r[SPREAD] > 1 ? 2 * width : 0;
    r[SUMS] = r[PARTIALS] + (weights ? 2 * width * blocks(r) : 0);
    r[SPARE] = r[SUMS] + (r[SPREAD] > 1 ? 2 * width : 0);
  }

  private static void runs(RowNorm op, Shape x, long[] r) {
    r[N] = op.run(x);
    r[GROUPS] = op.width(x) / op.run(x);
    r[RUNS] = op.runs(x);
    r[CENTRED] = op.centred() ? 1 : 0;
    r[EPS] = Double.doubleToRawLongBits(op.eps());
    r[GATE_FIRST] = op.normBeforeGate() ? 0 : 1;
    r[SPREAD] = op.repeat(x);
  }

  static int blocks(long[] r) {
    return Math.toIntExact((r[RUNS] + r[PER_BLOCK] - 1) / r[PER_BLOCK]);
  }

  /// Elements of spare room that each worker has for a gate: a block of runs and its statistics.
  static long spare(long[] r) {
    return r[GATE] < 0 ? 0 : r[PER_BLOCK] * (r[N] + 2);
  }

  /// Bytes of scratch of the gradient.
  static long gradientScratch(RowNormGrad op, Spec x, int workers) {
    if (x.shape().elems() == 0) {
      return 0;
    }
    long[] r = new long[DB + 1];
    gradient(op, x.shape(), r);
    return (r[SPARE] + workers * spare(r)) * x.dtype().bytes();
  }
}

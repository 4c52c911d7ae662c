package dev.gatun.cpu.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/// The lanes of one vector combined to a scalar, in the order of a binary tree.
///
/// `reduceLanes(ADD)` adds in another order once C2 has compiled it, so its result changes while a
/// program runs. Swapping halves costs `log2(lanes)` shuffles and always gives the same bits.
final class Fold {

  private static final int LANES_F = Lanes.F32.length();
  private static final int LANES = Lanes.F64.length();
  private static final VectorShuffle<Float> SWAP8_F = swap32(8);
  private static final VectorShuffle<Float> SWAP4_F = swap32(4);
  private static final VectorShuffle<Float> SWAP2_F = swap32(2);
  private static final VectorShuffle<Float> SWAP1_F = swap32(1);
  private static final VectorShuffle<Double> SWAP4 = swap64(4);
  private static final VectorShuffle<Double> SWAP2 = swap64(2);
  private static final VectorShuffle<Double> SWAP1 = swap64(1);

  private Fold() {}

  private static VectorShuffle<Float> swap32(int distance) {
    return VectorShuffle.fromOp(Lanes.F32, i -> (i ^ distance) % LANES_F);
  }

  private static VectorShuffle<Double> swap64(int distance) {
    return VectorShuffle.fromOp(Lanes.F64, i -> (i ^ distance) % LANES);
  }

  static float sum(FloatVector v) {
    v = LANES_F > 8 ? v.add(v.rearrange(SWAP8_F)) : v;
    v = LANES_F > 4 ? v.add(v.rearrange(SWAP4_F)) : v;
    v = v.add(v.rearrange(SWAP2_F));
    return v.add(v.rearrange(SWAP1_F)).lane(0);
  }

  static float max(FloatVector v) {
    v = LANES_F > 8 ? v.max(v.rearrange(SWAP8_F)) : v;
    v = LANES_F > 4 ? v.max(v.rearrange(SWAP4_F)) : v;
    v = v.max(v.rearrange(SWAP2_F));
    return v.max(v.rearrange(SWAP1_F)).lane(0);
  }

  static double sum(DoubleVector v) {
    v = LANES > 4 ? v.add(v.rearrange(SWAP4)) : v;
    v = LANES > 2 ? v.add(v.rearrange(SWAP2)) : v;
    return v.add(v.rearrange(SWAP1)).lane(0);
  }

  static double max(DoubleVector v) {
    v = LANES > 4 ? v.max(v.rearrange(SWAP4)) : v;
    v = LANES > 2 ? v.max(v.rearrange(SWAP2)) : v;
    return v.max(v.rearrange(SWAP1)).lane(0);
  }
}

package dev.gatun.op.random;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of random numbers, which are those of every other device.
final class ClRandom {
  private static final ClSource SOURCE = ClSource.of(ClRandom.class, "philox.cl", "random.cl");
  private static final int CPU_CHUNK = 256;
  private static final int GPU_GROUP = 64;

  private ClRandom() {}

  static List<Launch> uniform(DeviceInfo d, Uniform op) {
    String entry = op.dtype() == DType.F32 ? "uniform_f32" : "uniform_f64";
    return drawn(d, numbers(entry, op.dtype()), op, op.shape().elems());
  }

  static List<Launch> normal(DeviceInfo d, Normal op) {
    Launch.Builder l = numbers("normal", op.dtype());
    return drawn(d, l, op, Math.ceilDiv(op.shape().elems(), 2L));
  }

  static List<Launch> bernoulli(DeviceInfo d, Bernoulli op) {
    long n = op.shape().elems();
    Launch.Builder l = numbers("bernoulli", op.dtype()).out(0);
    return over(l.longs(n, op.seed(), Bernoulli.threshold(op.p())), d, n);
  }

  static List<Launch> truncated(DeviceInfo d, TruncatedNormal op) {
    long n = op.shape().elems();
    DType r = d.doubles() ? DType.F64 : DType.F32;
    Launch.Builder l = numbers("truncated", op.dtype()).out(0).longs(n, op.seed());
    l.real(r, op.mean()).real(r, op.std()).real(r, op.low()).real(r, op.high());
    return over(l, d, n);
  }

  /// With `residual` as input 1, or without.
  static List<Launch> dropout(DeviceInfo d, double p, long seed, Spec x, boolean residual) {
    long n = x.shape().elems();
    Launch.Builder l = numbers("dropout", x.dtype()).in(0, residual ? 1 : 0).out(0);
    l.longs(n, seed, Bernoulli.threshold(p)).real(x.dtype(), Dropout.scale(p));
    return over(l.longs(residual ? 1 : 0), d, n);
  }

  static List<Launch> categorical(DeviceInfo d, Categorical op, Spec x) {
    Shape rows = x.shape().without(-1);
    return List.of(
        numbers("categorical", x.dtype())
            .define("CHUNK", 1)
            .in(0)
            .out(0)
            .longs(rows.elems(), x.shape().dim(-1), op.seed(), op.weights() ? 1 : 0)
            .over(rows.elems(), d.gpu() ? GPU_GROUP : 1));
  }

  static List<Launch> integers(DeviceInfo d, RandomInt op) {
    long n = op.shape().elems();
    Launch.Builder l = program("random_int", op.dtype()).out(0);
    return over(l.longs(n, op.seed(), op.low(), op.high() - op.low()), d, n);
  }

  static List<Launch> permutation(DeviceInfo d, Permutation op) {
    return List.of(
        program("permutation", DType.I64)
            .define("CHUNK", 1)
            .out(0)
            .longs(op.n(), op.seed())
            .over(1, 1));
  }

  private static List<Launch> drawn(DeviceInfo d, Launch.Builder l, Random op, long items) {
    return over(l.out(0).longs(op.shape().elems(), op.seed()), d, items);
  }

  private static List<Launch> over(Launch.Builder l, DeviceInfo d, long n) {
    return List.of(
        d.gpu()
            ? l.define("CHUNK", 1).over(n, GPU_GROUP)
            : l.define("CHUNK", CPU_CHUNK).over(Math.ceilDiv(n, (long) CPU_CHUNK), 1));
  }

  /// Literals of the program are doubles: it is not built as others of F32 are.
  private static Launch.Builder numbers(String entry, DType t) {
    return program(entry, t).define("IS_NUMBER", 1).define("ATTEMPTS", TruncatedNormal.ATTEMPTS);
  }

  private static Launch.Builder program(String entry, DType t) {
    return Launch.of(SOURCE, entry).define("T", Launch.name(t));
  }
}

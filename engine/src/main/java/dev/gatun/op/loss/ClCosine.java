package dev.gatun.op.loss;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [CosineSimilarity].
final class ClCosine {
  private static final ClSource SOURCE = ClSource.of(ClCosine.class, "cosine.cl");
  private static final int CPU_CHUNK = 256;
  private static final int GPU_GROUP = 64;

  private ClCosine() {}

  static List<Launch> forward(CosineSimilarity op, DeviceInfo d, Spec x) {
    long rows = x.shape().without(-1).elems();
    return List.of(
        program(d, "cosine", x)
            .in(0, 1)
            .out(0, 1)
            .longs(rows, x.shape().dim(-1))
            .real(x.dtype(), op.eps())
            .over(rows, d.gpu() ? GPU_GROUP : 1));
  }

  static List<Launch> back(DeviceInfo d, Spec x) {
    long n = x.shape().dim(-1);
    return List.of(
        program(d, "back", x)
            .in(0, 1, 2, 3)
            .out(0, 1)
            .longs(n)
            .over(
                d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK),
                x.shape().without(-1).elems(),
                d.gpu() ? GPU_GROUP : 1,
                1));
  }

  private static Launch.Builder program(DeviceInfo d, String entry, Spec x) {
    return Launch.of(SOURCE, entry).computes(x.dtype()).define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }
}

package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Embedding] and its gradient.
final class ClEmbedding {
  private static final ClSource SOURCE = ClSource.of(ClEmbedding.class, "embedding.cl");
  private static final int CPU_CHUNK = 512;

  /// Columns that a work-item adds up: few, so that there are enough work-items.
  private static final int CPU_COLUMNS = 64;

  private static final int GPU_GROUP = 64;

  private ClEmbedding() {}

  static List<Launch> rows(Embedding op, DeviceInfo d, List<Spec> in, Spec y) {
    Spec table = in.get(0);
    int chunk = d.gpu() ? 1 : CPU_CHUNK;
    long n = in.get(1).shape().elems();
    long width = table.shape().dim(1);
    Launch.Builder l = program("rows", y.dtype(), chunk, in.get(1));
    l.define("STORED", Launch.name(table.dtype()));
    if (table.dtype() == DType.BF16) {
      l.define("IS_BF16", 1);
    }
    long count = table.shape().dim(0);
    return List.of(
        l.longs(n, width, count)
            .checks(rule(op, count))
            .over(Math.ceilDiv(width, (long) chunk), n, group(d), 1));
  }

  static List<Launch> back(Embedding.Grad op, DeviceInfo d, List<Spec> in) {
    int chunk = d.gpu() ? 1 : CPU_COLUMNS;
    long width = in.get(0).shape().dim(-1);
    return List.of(
        program("rows_back", in.get(0).dtype(), chunk, in.get(1))
            .define("STORED", "T")
            .longs(in.get(1).shape().elems(), width, op.rows())
            .checks(rule(op, op.rows()))
            .over(Math.ceilDiv(width, (long) chunk), group(d)));
  }

  private static String rule(Kernel op, long count) {
    return op + ": indices must lie in [0, " + count + ")";
  }

  private static Launch.Builder program(String entry, DType t, int chunk, Spec indices) {
    return Launch.of(SOURCE, entry)
        .computes(t)
        .define("I", Launch.name(indices.dtype()))
        .define("CHUNK", chunk)
        .in(0, 1)
        .out(0);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }
}

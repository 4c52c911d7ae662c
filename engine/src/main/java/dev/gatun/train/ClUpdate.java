package dev.gatun.train;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of optimisers' steps.
final class ClUpdate {
  private static final ClSource SOURCE = ClSource.of(ClUpdate.class, "update.cl");
  private static final int CPU_CHUNK = 2048;
  private static final int GPU_GROUP = 64;

  private ClUpdate() {}

  static List<Launch> adam(AdamW.Update u, DeviceInfo d, Spec p) {
    AdamW.Options o = u.options();
    return over(
        program("adam", d, p).in(0, 1, 2, 3),
        d,
        p,
        o.beta1(),
        1 - o.beta1(),
        o.beta2(),
        1 - o.beta2(),
        o.epsilon(),
        u.kept(),
        u.pull(),
        u.stride(),
        u.spread(),
        u.scale());
  }

  static List<Launch> sgd(Sgd.Update u, DeviceInfo d, List<Spec> in) {
    Sgd.Options o = u.options();
    int g = in.size() - 1;
    Spec p = in.get(0);
    Launch.Builder l = program("sgd", d, p).in(0, g == 2 ? 1 : 0, g).longs(p.shape().elems());
    reals(l, p.dtype(), u.rate(), u.scale(), o.decay(), o.momentum());
    return List.of(l.longs(o.nesterov() ? 1 : 0).over(items(d, p), group(d)));
  }

  private static List<Launch> over(Launch.Builder l, DeviceInfo d, Spec p, double... numbers) {
    reals(l.longs(p.shape().elems()), p.dtype(), numbers);
    return List.of(l.over(items(d, p), group(d)));
  }

  private static void reals(Launch.Builder l, DType t, double... numbers) {
    for (double number : numbers) {
      l.real(t, number);
    }
  }

  private static Launch.Builder program(String entry, DeviceInfo d, Spec p) {
    return Launch.of(SOURCE, entry).computes(p.dtype()).define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static long items(DeviceInfo d, Spec p) {
    return d.gpu() ? p.shape().elems() : Math.ceilDiv(p.shape().elems(), (long) CPU_CHUNK);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }
}

package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [CausalConv1d], [CausalConv1dUpdate] and their gradients.
final class ClConv1d {
  private static final ClSource SOURCE = ClSource.of(ClConv1d.class, "conv1d.cl");
  private static final int CPU_CHUNK = 1024;
  private static final int GPU_GROUP = 64;

  private ClConv1d() {}

  static List<Launch> forward(CausalConv1d op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    long w = in.get(1).shape().dim(1);
    List<Launch> all = new ArrayList<>();
    Launch.Builder l = state(op, bias(op, program(op, d, "conv", in.get(0)).in(0, 1), 2), 0);
    all.add(over(l.out(0).longs(x.dim(1), x.dim(2), w), d, x.dim(2), x));
    if (op.finalState()) {
      Launch.Builder last = state(op, program(op, d, "last_state", in.get(0)).in(0), 0).out(1);
      long rows = x.dim(0) * x.dim(1);
      all.add(last.longs(rows, x.dim(2), w).over(w == 1 ? 0 : rows, GPU_GROUP));
    }
    return all;
  }

  static List<Launch> back(CausalConv1dGrad op, DeviceInfo d, List<Spec> in) {
    CausalConv1d conv = op.conv();
    Spec x = in.get(CausalConv1dGrad.X);
    Shape s = x.shape();
    long w = in.get(CausalConv1dGrad.WEIGHT).shape().dim(1);
    long bytes = Math.max(1, s.elems()) * x.dtype().bytes();
    List<Launch> all = new ArrayList<>();
    Launch.Builder g = bias(conv, program(conv, d, "conv", x).define("BACK", 1).in(1, 2), 3);
    g = state(conv, g, 1).in(0).scratch(bytes);
    all.add(over(g.longs(s.dim(1), s.dim(2), w), d, s.dim(2), s));
    Launch.Builder input = program(conv, d, "input_back", x).define("BACK", 1).scratch(bytes).in(2);
    if (op.finalState()) {
      input.define("FINAL", 1).in(op.dfinal());
    }
    input.out(0);
    if (conv.initialState()) {
      input.define("STATE", 1).out(conv.state());
    }
    all.add(over(input.longs(s.dim(1), s.dim(2), w), d, s.dim(2) + w - 1, s));
    Launch.Builder weight = program(conv, d, "weight_back", x).define("BACK", 1).scratch(bytes);
    weight = state(conv, weight.in(1), 1).out(1);
    if (conv.bias()) {
      weight.define("BIAS", 1).out(2);
    }
    weight.longs(s.dim(0), s.dim(1), s.dim(2), w);
    all.add(weight.over(s.dim(1), w, d.gpu() ? GPU_GROUP : 1, 1));
    return all;
  }

  static List<Launch> update(CausalConv1dUpdate op, DeviceInfo d, List<Spec> in) {
    Launch.Builder l = steps(op, d, "update", in).out(0, 1);
    return List.of(sizes(l, in).over(rows(in), d.gpu() ? GPU_GROUP : 1));
  }

  static List<Launch> updateBack(CausalConv1dUpdate op, DeviceInfo d, List<Spec> in) {
    Shape x = in.get(0).shape();
    long w = in.get(2).shape().dim(1);
    int dy = in.size() - 2;
    long bytes = Math.max(1, rows(in) * (w + 1)) * in.get(0).dtype().bytes();
    Launch.Builder back = steps(op, d, "update_back", in).define("BACK", 1).in(dy, dy + 1);
    back.out(0, 1).scratch(bytes);
    Launch.Builder sum = updates(op, d, "parts_sum", in).define("BACK", 1).scratch(bytes).out(2);
    if (op.bias()) {
      sum.define("BIAS", 1).out(3);
    }
    return List.of(
        sizes(back, in).over(rows(in), d.gpu() ? GPU_GROUP : 1),
        sum.longs(x.dim(0), x.dim(1), w).over(x.dim(1), w + 1, d.gpu() ? GPU_GROUP : 1, 1));
  }

  private static Launch.Builder steps(
      CausalConv1dUpdate op, DeviceInfo d, String entry, List<Spec> in) {
    Launch.Builder l = updates(op, d, entry, in).in(0, 1, 2);
    if (op.bias()) {
      l.define("BIAS", 1).in(3);
    }
    return op.circular() ? l.in(op.position()) : l;
  }

  private static Launch.Builder updates(
      CausalConv1dUpdate op, DeviceInfo d, String entry, List<Spec> in) {
    Launch.Builder l = program(op.activation(), d, entry, in.get(0)).define("UPDATE", 1);
    return op.circular() ? l.define("RING", Launch.name(in.get(op.position()).dtype())) : l;
  }

  private static Launch.Builder sizes(Launch.Builder l, List<Spec> in) {
    long steps = CausalConv1dUpdate.steps(in.get(0).shape());
    long channels = in.get(0).shape().dim(1);
    return l.longs(rows(in), channels, steps, in.get(1).shape().dim(2), in.get(2).shape().dim(1));
  }

  private static long rows(List<Spec> in) {
    return in.get(0).shape().elems(0, 2);
  }

  private static Launch.Builder bias(CausalConv1d op, Launch.Builder l, int at) {
    return op.bias() ? l.define("BIAS", 1).in(at) : l;
  }

  private static Launch.Builder state(CausalConv1d op, Launch.Builder l, int first) {
    return op.initialState() ? l.define("STATE", 1).in(first + op.state()) : l;
  }

  private static Launch.Builder program(CausalConv1d op, DeviceInfo d, String entry, Spec x) {
    return program(op.activation(), d, entry, x);
  }

  private static Launch.Builder program(Activation a, DeviceInfo d, String entry, Spec x) {
    DType t = x.dtype();
    return Launch.of(SOURCE, entry)
        .computes(t)
        .define("LANES", d.lanes(t.bytes()))
        .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK)
        .define("SILU", a == Activation.SILU ? 1 : 0);
  }

  private static Launch over(Launch.Builder l, DeviceInfo d, long length, Shape x) {
    long items = d.gpu() ? length : Math.ceilDiv(length, (long) CPU_CHUNK);
    return l.over(items, x.elems(0, 2), d.gpu() ? GPU_GROUP : 1, 1);
  }
}

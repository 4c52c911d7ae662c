package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.SplitKv;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// `split_kv`: one query over parts of the keys.
final class SplitAttention {
  private static final int QUERY = 2;

  private SplitAttention() {}

  static Adapter.Result parts(Arguments a) {
    int parts = Math.toIntExact(a.flags().integer("num_splits", 1));
    AttentionOptions options = AttentionInputs.scaled(a, AttentionOptions.of(Mask.none()));
    SplitKv.Result r = SplitKv.of(a.in("q").unsqueeze(QUERY), a.in("k"), a.in("v"), parts, options);
    Tensor o = r.o().squeeze(QUERY);
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("o", o);
    out.put("o_combined", o);
    out.put("lse", r.lse().squeeze(QUERY));
    out.put("partial_o", stack(r.parts(), Attention.Result::o));
    out.put("partial_lse", stack(r.parts(), Attention.Result::lse));
    return new Adapter.Result(Attention.class, out);
  }

  private static Tensor stack(
      List<Attention.Result> parts, Function<Attention.Result, Tensor> what) {
    List<Tensor> all = parts.stream().map(p -> what.apply(p).squeeze(QUERY)).toList();
    return all.getFirst().stack(0, all.subList(1, all.size()).toArray(Tensor[]::new));
  }
}

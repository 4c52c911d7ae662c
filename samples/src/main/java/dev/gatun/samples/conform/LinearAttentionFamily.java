package dev.gatun.samples.conform;

import dev.gatun.op.Op;
import dev.gatun.op.sequence.linear.FastWeights;
import dev.gatun.op.sequence.linear.LinearAttention;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// `linear_attention_family`: linear attention, retention, GLA, RWKV-6, the delta rules and the
/// scan of HGRN.
final class LinearAttentionFamily implements Adapter {
  @Override
  public String file() {
    return "linear_attention_family";
  }

  @Override
  public Adapter.Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    LinearAttention form = LinearAttention.plain();
    form = a.find("h0").map(form::withState).orElse(form);
    if (op.equals("first_order_scan")) {
      return result(Scan.class, form.hgrn(a.in("x"), a.in("g")), false);
    }
    var scale = a.flags().numberOr("scale", "K^-0.5");
    form = scale.isPresent() ? form.withScale(scale.getAsDouble()) : form;
    return switch (op) {
      case "linear_attn" -> linear(form, a);
      case "simple_gla" ->
          result(form.simpleGla(a.in("q"), a.in("k"), a.in("v"), a.in("g")), false);
      case "gla" -> result(form.gla(a.in("q"), a.in("k"), a.in("v"), a.in("gk")), false);
      case "gated_delta_rule" ->
          result(form.gatedDelta(a.in("q"), a.in("k"), a.in("v"), a.in("g"), a.in("beta")), false);
      case "kda" ->
          result(form.kda(a.in("q"), a.in("k"), a.in("v"), a.in("g"), a.in("beta")), false);
      case "retention" -> {
        require(a, "gamma", "1-2^(-5-h)");
        yield result(form.retention(first(a, "q"), first(a, "k"), first(a, "v")), true);
      }
      case "delta_rule" ->
          result(form.delta(first(a, "q"), first(a, "k"), first(a, "v"), first(a, "beta")), true);
      case "rwkv6" -> {
        LinearAttention usual = scale.isPresent() ? form : form.withScale(usual(a.in("q")));
        yield result(
            usual.rwkv6(first(a, "q"), first(a, "k"), first(a, "v"), first(a, "w"), a.in("u")),
            true);
      }
      case "dplr" -> dplr(form, a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Adapter.Result dplr(LinearAttention form, Arguments a) {
    LinearAttention.Result r =
        form.dplr(
            first(a, "q"),
            first(a, "k"),
            first(a, "v"),
            first(a, "gk"),
            first(a, "alpha"),
            first(a, "beta"));
    return result(r, true);
  }

  private static double usual(Tensor q) {
    return 1 / Math.sqrt((double) q.dim(-1));
  }

  private static void require(Arguments a, String flag, String value) {
    Optional<String> got = a.flags().text(flag);
    if (got.isPresent() && !got.get().equals(value)) {
      throw new UncoveredCase("flag '%s' must be %s; got %s".formatted(flag, value, got.get()));
    }
  }

  private static Adapter.Result linear(LinearAttention form, Arguments a) {
    Tensor q = a.in("q");
    Tensor k = a.in("k");
    Tensor v = a.in("v");
    if (a.flags().bool("normalize", false)) {
      LinearAttention.Normalised r = form.normalised(q, k, v, Optional.empty());
      return result(new LinearAttention.Result(r.y(), r.last()), false);
    }
    return result(form.linear(q, k, v), false);
  }

  /// An input with heads before the time.
  private static Tensor first(Arguments a, String name) {
    return a.in(name).transpose(1, 2);
  }

  private static Adapter.Result result(LinearAttention.Result r, boolean headsFirst) {
    return result(FastWeights.class, r, headsFirst);
  }

  /// Results of the authors' chunked forms are the same numbers.
  private static Adapter.Result result(
      Class<? extends Op> op, LinearAttention.Result r, boolean headsFirst) {
    Tensor o = headsFirst ? r.y().transpose(1, 2) : r.y();
    Map<String, Tensor> all = new HashMap<>(Map.of("o", o, "final_state", r.last()));
    for (int chunk : new int[] {16, 32, 64}) {
      all.put("o_chunk" + chunk, o);
      all.put("final_state_chunk" + chunk, r.last());
    }
    return new Adapter.Result(op, all);
  }
}

package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.scan.Selective;
import dev.gatun.op.sequence.scan.SelectiveScan;
import dev.gatun.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/// `mamba_selective_scan`: sequences and single steps.
final class SelectiveScans implements Adapter {
  @Override
  public String file() {
    return "mamba_selective_scan";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "selective_scan" -> scan(a);
      case "selective_state_update" -> step(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result scan(Arguments a) {
    // The shapes of operands say as much.
    a.flags().integer("G");
    boolean ofB = a.flags().bool("varB", true);
    boolean ofC = a.flags().bool("varC", true);
    Selective scan = Selective.plain().withSoftplus(a.flags().bool("softplus", false));
    scan = a.find("D").map(scan::withSkip).orElse(scan);
    scan = a.find("z").map(scan::withGate).orElse(scan);
    scan = a.find("delta_bias").map(scan::withBias).orElse(scan);
    Tensor u = a.in("u");
    Tensor delta = a.in("delta");
    if (a.flags().bool("complex", false)) {
      Complex rates = Complex.ofPairs(a.in("A"));
      Selective.Result r =
          scan.scan(u, delta, rates, pairs(a.in("Bm"), ofB), pairs(a.in("Cm"), ofC));
      return result(r.y(), "last_state", r.complexLast().pairs());
    }
    Selective.Result r = scan.scan(u, delta, a.in("A"), a.in("Bm"), a.in("Cm"));
    return result(r.y(), "last_state", r.last());
  }

  /// Pairs at the end, or, where the operand depends on the time, one after the other along it.
  private static Complex pairs(Tensor x, boolean variable) {
    if (!variable) {
      return Complex.ofPairs(x);
    }
    return Complex.ofPairs(
        x.reshape(x.shape().with(-1, x.dim(-1) / 2).insert(x.shape().rank(), 2).dims()));
  }

  private static Result step(Arguments a) {
    Tensor x = a.in("x");
    Tensor state = a.in("state");
    boolean heads = x.shape().rank() == 3;
    Selective scan = Selective.plain().withSoftplus(a.flags().bool("dt_softplus", false));
    scan = find(a, "D", heads, 0).map(scan::withSkip).orElse(scan);
    scan = find(a, "z", heads, 1).map(scan::withGate).orElse(scan);
    scan = find(a, "dt_bias", heads, 0).map(scan::withBias).orElse(scan);
    scan = scan.withState(flat(state, heads, 1));
    Selective.Result r =
        scan.step(
            flat(x, heads, 1),
            flat(a.in("dt"), heads, 1),
            flat(a.in("A"), heads, 0),
            a.in("Bm"),
            a.in("Cm"));
    return result(
        r.y().reshape(x.shape().dims()), "new_state", r.last().reshape(state.shape().dims()));
  }

  private static Optional<Tensor> find(Arguments a, String name, boolean heads, int axis) {
    return a.find(name).map(t -> flat(t, heads, axis));
  }

  /// Heads and their channels as one axis.
  private static Tensor flat(Tensor t, boolean heads, int axis) {
    return heads ? t.flatten(axis, axis + 1) : t;
  }

  private static Result result(Tensor y, String name, Tensor state) {
    return new Result(SelectiveScan.class, Map.of("out", y, name, state));
  }
}

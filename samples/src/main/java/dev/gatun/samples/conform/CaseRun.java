package dev.gatun.samples.conform;

import dev.gatun.autograd.Gradients;
import dev.gatun.device.Device;
import dev.gatun.device.Trace;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One case in one type on one device.
final class CaseRun {
  /// C2 takes over a method after some five thousand calls, or less of a long loop; a large case is
  /// stopped by the clock, which is long enough for its loops.
  private static final int HOT_CALLS = 6_000;

  private static final long HOT_NANOS = 1_000_000_000L;

  private final Adapter adapter;
  private final GoldenCase of;
  private final DType dtype;
  private final Device device;
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> upstream = new LinkedHashMap<>();

  /// @param home where the inputs in the run's type live
  CaseRun(Adapter adapter, GoldenCase of, DType dtype, Scope home) {
    this.adapter = adapter;
    this.of = of;
    this.dtype = dtype;
    this.device = home.device();
    of.inputs().forEach((name, t) -> inputs.put(name, leaf(name, typed(t, home))));
    of.upstream().forEach((name, t) -> upstream.put(name, typed(t, home)));
  }

  DType dtype() {
    return dtype;
  }

  private Tensor typed(Tensor t, Scope home) {
    return t.dtype().computes() ? home.borrow(t).to(dtype) : home.borrow(t);
  }

  private Tensor leaf(String name, Tensor t) {
    boolean wanted = of.expected().stream().anyMatch(e -> e.gradient() && e.name().equals(name));
    return wanted ? t.requiresGrad() : t;
  }

  /// Outputs and gradients by the name of their [Expected], and the operator that must have run.
  private record Outcome(Optional<Class<? extends Op>> op, Map<String, Tensor> results) {}

  /// Runs once and returns the results by the name of their [Expected].
  ///
  /// @throws UncoveredCase if the engine has no such operator, flag, input or result, or not its
  ///   own kernel ran
  Map<String, double[]> once() {
    try (Scope step = device.scope(of.name())) {
      device.trace().start();
      Outcome outcome;
      List<Trace.Event> events;
      try {
        outcome = run(step);
      } finally {
        events = device.trace().stop();
      }
      outcome.op().ifPresent(op -> requireKernel(op, events));
      Map<String, double[]> values = new LinkedHashMap<>();
      outcome.results().forEach((name, t) -> values.put(name, t.toDoubleArray()));
      return values;
    }
  }

  /// Runs until the JVM has compiled what runs, then once more.
  Map<String, double[]> hot() {
    long end = System.nanoTime() + HOT_NANOS;
    for (int i = 0; i < HOT_CALLS && System.nanoTime() < end; i++) {
      try (Scope step = device.scope(of.name())) {
        run(step);
      }
    }
    return once();
  }

  private Outcome run(Scope step) {
    Arguments a = new Arguments(step, inputs, of.flags().unread(), dtype);
    Adapter.Result result = adapter.call(a);
    a.requireAllTaken();
    Map<String, Tensor> results = new LinkedHashMap<>();
    result.outputs().forEach((name, t) -> results.put("out_" + name, t));
    if (of.expected().stream().anyMatch(Expected::gradient)) {
      Gradients g = loss(result.outputs()).backward();
      inputs.forEach((name, t) -> {
        Optional<Tensor> dt = t.wantsGrad() ? g.find(t) : Optional.empty();
        dt.ifPresent(d -> results.put("grad_" + name, d));
      });
    }
    return new Outcome(result.op(), results);
  }

  /// The sum over outputs of `sum(upstream * output)`, whose gradient the files hold.
  private Tensor loss(Map<String, Tensor> outputs) {
    Optional<Tensor> loss = Optional.empty();
    for (Map.Entry<String, Tensor> dy : upstream.entrySet()) {
      Tensor y = outputs.get(dy.getKey());
      if (y == null) {
        throw new UncoveredCase("there is no output '" + dy.getKey() + "'");
      }
      Tensor term = y.mul(dy.getValue()).sum();
      loss = Optional.of(loss.map(l -> l.add(term)).orElse(term));
    }
    return loss.orElseThrow(
        () -> new UncoveredCase("gradients need an upstream gradient; got none"));
  }

  private void requireKernel(Class<? extends Op> op, List<Trace.Event> events) {
    boolean ran =
        events.stream()
            .anyMatch(e ->
                op.isInstance(e.op())
                    && e.device().equals(device.name())
                    && !e.form().equals("reference"));
    if (!ran) {
      throw new UncoveredCase(
          "the kernel of %s must run on %s; the trace has %s"
              .formatted(
                  op.getSimpleName(),
                  device.name(),
                  events.stream().map(e -> e.op() + " (" + e.form() + ")").toList()));
    }
  }
}

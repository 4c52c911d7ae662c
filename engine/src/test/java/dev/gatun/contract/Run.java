package dev.gatun.contract;

import dev.gatun.autograd.Gradients;
import dev.gatun.device.Device;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// One case at one size on one device, from inputs as doubles to results as doubles.
record Run(OpCase of, int n, List<Input> in) {
  static Run at(OpCase c, DType t, int n) {
    return new Run(c, n, c.inputs(t, n));
  }

  /// A result tensor on the host.
  record Result(Spec spec, double[] values) {
    static Result read(Tensor t) {
      return new Result(t.spec(), t.toDoubleArray());
    }
  }

  Run with(List<Input> other) {
    return new Run(of, n, other);
  }

  Op op() {
    return of.op().apply(n);
  }

  /// What the op returns, or the variables it wrote.
  List<Result> results(Device device) {
    try (Scope scope = device.scope("contract")) {
      return outputs(scope, tensors(scope)).stream().map(Result::read).toList();
    }
  }

  List<Tensor> tensors(Scope scope) {
    return in.stream().map(i -> i.on(scope)).toList();
  }

  private List<Tensor> outputs(Scope scope, List<Tensor> tensors) {
    if (of.targets() == 0) {
      return scope.run(op(), tensors);
    }
    List<Variable> targets = tensors.subList(0, of.targets()).stream().map(scope::state).toList();
    scope.update((Kernel) op(), targets, tensors.subList(of.targets(), tensors.size()));
    return targets.stream().map(Variable::value).toList();
  }

  /// Gradients of [#loss] by `vjp`; empty for inputs that have none.
  List<Optional<double[]>> gradients(Device device) {
    try (Scope scope = device.scope("contract")) {
      List<Tensor> leaves =
          in.stream()
              .map(i -> i.differentiable() ? i.on(scope).requiresGrad() : i.on(scope))
              .toList();
      List<Tensor> out = scope.run(op(), leaves);
      double[][] sums =
          in.stream().map(i -> new double[i.values().length]).toArray(double[][]::new);
      for (int k = 0; k < out.size(); k++) {
        Tensor y = out.get(k);
        if (y.wantsGrad() && y.dtype().computes()) {
          Tensor dy = scope.tensor(y.dtype(), y.shape(), weights(k, y.spec()));
          addTo(sums, y.backward(dy), leaves);
        }
      }
      List<Optional<double[]>> gradients = new ArrayList<>();
      for (int i = 0; i < in.size(); i++) {
        gradients.add(in.get(i).differentiable() ? Optional.of(sums[i]) : Optional.empty());
      }
      return gradients;
    }
  }

  private void addTo(double[][] sums, Gradients g, List<Tensor> leaves) {
    for (int i = 0; i < sums.length; i++) {
      if (in.get(i).differentiable()) {
        double[] sum = sums[i];
        g.find(leaves.get(i))
            .map(Tensor::toDoubleArray)
            .ifPresent(d -> Arrays.setAll(sum, j -> sum[j] + d[j]));
      }
    }
  }

  /// A fixed weighting of all results.
  double loss(Device device) {
    double loss = 0;
    List<Result> results = results(device);
    for (int k = 0; k < results.size(); k++) {
      Result r = results.get(k);
      double[] w = weights(k, r.spec());
      for (int i = 0; i < w.length && r.spec().dtype().computes(); i++) {
        loss += w[i] * r.values()[i];
      }
    }
    return loss;
  }

  private static double[] weights(int k, Spec spec) {
    Random random = new Random(99 + k);
    double[] w = new double[Math.toIntExact(spec.shape().elems())];
    Arrays.setAll(w, i -> (float) random.nextGaussian());
    return w;
  }

  @Override
  public String toString() {
    return "%s, size %d, inputs %s".formatted(of, n, in.stream().map(Input::spec).toList());
  }
}

package dev.gatun.tensor;

import dev.gatun.autograd.Node;
import dev.gatun.device.Device;
import dev.gatun.op.Composite;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.op.Rules;
import dev.gatun.op.shape.Copy;
import java.util.ArrayList;
import java.util.List;

/// Runs an op: checks lifetimes and devices, makes inputs contiguous, allocates what the op infers,
/// runs it on the device and records the call where a gradient is wanted.
final class Dispatch {
  private Dispatch() {}

  static List<Tensor> run(Scope scope, Op op, List<Tensor> in) {
    in.forEach(t -> requireDevice(scope.device(), op, t));
    in.forEach(Tensor::requireAlive);
    scope.requireOpen();
    List<Tensor> out =
        switch (op) {
          case Kernel k -> kernel(scope, k, in.stream().map(t -> contiguous(scope, t)).toList());
          case Composite c -> composite(scope, c, in);
        };
    List<Tensor> visible = out.subList(0, out.size() - op.keep().extras());
    if (in.stream().noneMatch(Tensor::wantsGrad)) {
      return List.copyOf(visible);
    }
    Node node = new Node(op, in, out);
    List<Tensor> recorded = new ArrayList<>();
    for (int i = 0; i < visible.size(); i++) {
      recorded.add(out.get(i).recorded(node, i));
    }
    return List.copyOf(recorded);
  }

  static void update(Kernel op, List<Tensor> in) {
    Device device = in.get(0).device();
    in.forEach(t -> requireDevice(device, op, t));
    List<Spec> specs = op.infer(in.stream().map(Tensor::spec).toList());
    if (!specs.isEmpty()) {
      throw new IllegalArgumentException(
          Rules.name(op) + ": an op that writes in place must infer no outputs; got " + specs);
    }
    try (Scope copies = device.scope("update")) {
      guarded(device, op, in.stream().map(t -> contiguous(copies, t)).toList(), List.of());
    }
  }

  private static void requireDevice(Device device, Op op, Tensor t) {
    if (!t.device().equals(device)) {
      throw new IllegalArgumentException(
          "%s: inputs must be on one device; got %s and %s"
              .formatted(op, device.name(), t.device().name()));
    }
  }

  private static Tensor contiguous(Scope scope, Tensor t) {
    if (t.layout().isContiguous(t.shape())) {
      return t;
    }
    Copy copy = new Copy();
    Tensor out = scope.allocate(t.spec());
    guarded(scope.device(), copy, List.of(t), List.of(out));
    return out;
  }

  private static List<Tensor> kernel(Scope scope, Kernel op, List<Tensor> in) {
    List<Spec> specs = op.infer(in.stream().map(Tensor::spec).toList());
    if (specs.isEmpty()) {
      throw new IllegalArgumentException(
          Rules.name(op)
              + ": an op that writes in place is run by Scope.update; got a call for its results");
    }
    List<Tensor> out = specs.stream().map(scope::allocate).toList();
    guarded(scope.device(), op, in, out);
    return out;
  }

  private static List<Tensor> composite(Scope scope, Composite op, List<Tensor> in) {
    return op.forward(in.stream().map(t -> scope.borrow(t.detach())).toList());
  }

  /// Runs with every scope involved marked as in use, so that closing one throws.
  private static void guarded(Device device, Kernel op, List<Tensor> in, List<Tensor> out) {
    List<Tensor> entered = new ArrayList<>(in.size() + out.size());
    try {
      for (List<Tensor> tensors : List.of(in, out)) {
        for (Tensor t : tensors) {
          t.enter();
          entered.add(t);
        }
      }
      device.run(op, in, out);
    } finally {
      entered.forEach(Tensor::exit);
    }
  }
}

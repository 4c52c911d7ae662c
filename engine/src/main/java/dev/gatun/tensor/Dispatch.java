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
///
/// Every call of every op comes through here, so it is written in plain loops: streams would take
/// as long as a small kernel.
final class Dispatch {
  private Dispatch() {}

  static List<Tensor> run(Scope scope, Op op, List<Tensor> in) {
    for (Tensor t : in) {
      requireDevice(scope.device(), op, t);
    }
    boolean wantsGrad = false;
    for (Tensor t : in) {
      t.requireAlive();
      wantsGrad |= t.wantsGrad();
    }
    scope.requireOpen();
    List<Tensor> out =
        switch (op) {
          // It copies views itself: a second copy would live as long as the result.
          case Copy k -> kernel(scope, k, in);
          case Kernel k -> kernel(scope, k, contiguous(scope, in));
          case Composite c -> composite(scope, c, in);
        };
    int extras = op.keep().extras();
    List<Tensor> visible = List.copyOf(extras == 0 ? out : out.subList(0, out.size() - extras));
    if (!wantsGrad) {
      return visible;
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
    List<Spec> specs = op.infer(specs(in));
    if (!specs.isEmpty()) {
      throw new IllegalArgumentException(
          Rules.name(op) + ": an op that writes in place must infer no outputs; got " + specs);
    }
    try (Scope copies = device.scope("update")) {
      in.forEach(t -> t.owner().unrepeatable("it is read by an update in place"));
      guarded(device, op, contiguous(copies, in), List.of());
    }
  }

  private static void requireDevice(Device device, Op op, Tensor t) {
    if (!t.device().equals(device)) {
      throw new IllegalArgumentException(
          "%s: inputs must be on one device; got %s and %s"
              .formatted(op, device.name(), t.device().name()));
    }
  }

  private static List<Spec> specs(List<Tensor> tensors) {
    Spec[] specs = new Spec[tensors.size()];
    for (int i = 0; i < specs.length; i++) {
      specs[i] = tensors.get(i).spec();
    }
    return List.of(specs);
  }

  private static List<Tensor> contiguous(Scope scope, List<Tensor> in) {
    Tensor[] tensors = new Tensor[in.size()];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = contiguous(scope, in.get(i));
    }
    return List.of(tensors);
  }

  private static Tensor contiguous(Scope scope, Tensor t) {
    if (t.layout().isContiguous(t.shape())) {
      return t;
    }
    Copy copy = new Copy();
    Tensor out = scope.allocate(t.spec());
    guarded(scope, copy, List.of(t), List.of(out));
    return out;
  }

  private static List<Tensor> kernel(Scope scope, Kernel op, List<Tensor> in) {
    List<Spec> specs = op.infer(specs(in));
    if (specs.isEmpty()) {
      throw new IllegalArgumentException(
          Rules.name(op)
              + ": an op that writes in place is run by Scope.update; got a call for its results");
    }
    Tensor[] allocated = new Tensor[specs.size()];
    for (int i = 0; i < allocated.length; i++) {
      allocated[i] = scope.allocate(specs.get(i));
    }
    List<Tensor> out = List.of(allocated);
    guarded(scope, op, in, out);
    return out;
  }

  private static List<Tensor> composite(Scope scope, Composite op, List<Tensor> in) {
    return op.forward(in.stream().map(t -> scope.borrow(t.detach())).toList());
  }

  /// Fills `out` with the elements of `t`, unseen by recordings.
  static Tensor copy(Tensor t, Tensor out) {
    requireDevice(out.device(), new Copy(), t);
    guarded(out.device(), new Copy(), List.of(t), List.of(out));
    return out;
  }

  private static void guarded(Scope scope, Kernel op, List<Tensor> in, List<Tensor> out) {
    Recorder recorder = scope.recorder();
    for (int i = 0; i < in.size(); i++) {
      Recorder other = in.get(i).owner().recorder();
      if (other != null && other != recorder) {
        other.refuse("a result is used outside the recorded scope");
      }
    }
    guarded(scope.device(), op, in, out);
    if (recorder != null) {
      recorder.ran(op, in, out);
    }
  }

  /// Runs with every scope involved marked as in use, so that closing one throws.
  private static void guarded(Device device, Kernel op, List<Tensor> in, List<Tensor> out) {
    int ins = 0;
    int outs = 0;
    try {
      for (; ins < in.size(); ins++) {
        in.get(ins).enter();
      }
      for (; outs < out.size(); outs++) {
        out.get(outs).enter();
      }
      device.run(op, in, out);
    } finally {
      exit(in, ins);
      exit(out, outs);
    }
  }

  private static void exit(List<Tensor> tensors, int count) {
    for (int i = 0; i < count; i++) {
      tensors.get(i).exit();
    }
  }
}

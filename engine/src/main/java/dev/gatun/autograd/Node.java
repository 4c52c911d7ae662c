package dev.gatun.autograd;

import dev.gatun.op.Op;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// One recorded call: the op, what it read and made, and what its gradient keeps.
public final class Node {
  private final Op op;
  private final List<Tensor> in;
  private final List<Spec> outSpecs;
  private final List<Tensor> out;
  private final List<Long> versions;
  private final Optional<Scope> pass;

  /// Records a call.
  ///
  /// @param in the inputs as the op was given them, gradients attached
  /// @param out all outputs, extras last, without gradient
  public Node(Op op, List<Tensor> in, List<Tensor> out) {
    this(op, in, out.stream().map(Tensor::spec).toList(), out, versions(in, out), Optional.empty());
  }

  private Node(
      Op op,
      List<Tensor> in,
      List<Spec> outSpecs,
      List<Tensor> out,
      List<Long> versions,
      Optional<Scope> pass) {
    this.op = op;
    this.in = in;
    this.outSpecs = outSpecs;
    this.out = out;
    this.versions = versions;
    this.pass = pass;
  }

  private static List<Long> versions(List<Tensor> in, List<Tensor> out) {
    return IntStream.range(0, in.size() + out.size())
        .mapToObj(i -> (i < in.size() ? in.get(i) : out.get(i - in.size())).version())
        .toList();
  }

  /// The op.
  public Op op() {
    return op;
  }

  /// True if input `i` wants a gradient.
  public boolean needs(int i) {
    return in.get(i).wantsGrad();
  }

  /// Number of inputs.
  public int inputs() {
    return in.size();
  }

  /// Number of outputs, extras included.
  public int outputs() {
    return outSpecs.size();
  }

  /// Type and shape of input `i`, kept or not.
  public Spec inSpec(int i) {
    return in.get(i).spec();
  }

  /// Type and shape of output `i`, kept or not.
  public Spec outSpec(int i) {
    return outSpecs.get(i);
  }

  /// Input `i`.
  ///
  /// @throws IllegalStateException if the op's [dev.gatun.op.Keep] does not name it, or a variable
  ///   was written since
  public Tensor in(int i) {
    require((op.keep().inputs() >> i & 1) == 1, "input " + i);
    return unchanged(in.get(i), versions.get(i));
  }

  /// Output `i`.
  ///
  /// @throws IllegalStateException if the op's [dev.gatun.op.Keep] does not name it
  public Tensor out(int i) {
    require((op.keep().outputs() >> i & 1) == 1, "output " + i);
    return unchanged(out.get(i), versions.get(in.size() + i));
  }

  /// Extra `i`, one of the outputs kept for the gradient only.
  public Tensor saved(int i) {
    int first = outSpecs.size() - op.keep().extras();
    return unchanged(out.get(first + i), versions.get(in.size() + first + i));
  }

  private void require(boolean kept, String what) {
    if (!kept) {
      throw new IllegalStateException(
          Rules.name(op) + ": its gradient reads only what keep() names; got " + what);
    }
  }

  private Tensor unchanged(Tensor t, long version) {
    if (t.version() != version) {
      throw new IllegalStateException(
          op
              + ": a variable must not be written between forward and backward; got "
              + t
              + ", written "
              + (t.version() - version)
              + " times since");
    }
    return pass.map(s -> s.borrow(t.detach())).orElseGet(t::detach);
  }

  /// The inputs with their gradients attached: the edges of the graph.
  List<Tensor> graphInputs() {
    return in;
  }

  /// This call as a backward pass in `scope` sees it: no tensor carries a gradient, and what is
  /// computed from them lives in `scope`.
  Node during(Scope scope) {
    return new Node(op, in, outSpecs, out, versions, Optional.of(scope));
  }
}

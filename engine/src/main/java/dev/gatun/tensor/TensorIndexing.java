package dev.gatun.tensor;

import dev.gatun.op.shape.Cast;
import dev.gatun.op.shape.Concat;
import dev.gatun.op.shape.Diag;
import dev.gatun.op.shape.Flip;
import dev.gatun.op.shape.Gather;
import dev.gatun.op.shape.IndexSelect;
import dev.gatun.op.shape.MaskedFill;
import dev.gatun.op.shape.MaskedSelect;
import dev.gatun.op.shape.OneHot;
import dev.gatun.op.shape.Pad;
import dev.gatun.op.shape.Repeat;
import dev.gatun.op.shape.Roll;
import dev.gatun.op.shape.Scatter;
import dev.gatun.op.shape.Tile;
import dev.gatun.op.shape.Triangle;
import java.util.Arrays;
import java.util.stream.Stream;

/// Operators that move elements or choose among them, as methods of a [Tensor]; views are methods
/// of [Tensor] itself.
public sealed interface TensorIndexing permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  private int axis(int axis) {
    return self().shape().axis(axis);
  }

  /// The elements as another type.
  default Tensor to(DType dtype) {
    return dtype == self().dtype() ? self() : new Cast(dtype).of(self());
  }

  /// This tensor and `others` one after the other along `axis`.
  default Tensor concat(int axis, Tensor... others) {
    return new Concat(axis(axis)).of(withSelf(others));
  }

  /// This tensor and `others`, all of one shape, side by side along a new axis `axis` of the
  /// result.
  default Tensor stack(int axis, Tensor... others) {
    return Concat.stack(axis, withSelf(others));
  }

  private Tensor[] withSelf(Tensor... others) {
    return Stream.concat(Stream.of(self()), Arrays.stream(others)).toArray(Tensor[]::new);
  }

  /// `before` zeros in front of `axis`, `after` behind it.
  default Tensor pad(int axis, long before, long after) {
    return pad(axis, before, after, Pad.Mode.CONSTANT);
  }

  /// `before` elements in front of `axis`, `after` behind it, taken from where `mode` says.
  default Tensor pad(int axis, long before, long after, Pad.Mode mode) {
    return Pad.axis(self().shape().rank(), axis(axis), before, after, mode, 0).of(self());
  }

  /// The elements of `axes` in reverse order, of all axes where none is named.
  default Tensor flip(int... axes) {
    return new Flip(self().shape().axes(axes)).of(self());
  }

  /// The elements of `axis` moved on by `shift`, around the end.
  default Tensor roll(int axis, long shift) {
    return new Roll(axis(axis), shift).of(self());
  }

  /// The whole tensor so many times along each axis.
  default Tensor tile(long... repeats) {
    return new Tile(Arrays.stream(repeats).boxed().toList()).of(self());
  }

  /// Each element of `axis` `count` times in a row.
  default Tensor repeat(int axis, long count) {
    return new Repeat(axis(axis), count).of(self());
  }

  /// `y[.., j, ..] = this[.., indices[.., j, ..], ..]` along `axis`.
  default Tensor gather(int axis, Tensor indices) {
    return new Gather(axis(axis)).of(self(), indices);
  }

  /// A copy in which the elements that `indices` name along `axis` are joined with those of
  /// `source`.
  default Tensor scatter(int axis, Tensor indices, Tensor source, Scatter.Mode mode) {
    return new Scatter(axis(axis), mode).of(self(), indices, source);
  }

  /// The elements of `axis` that the vector `indices` names, in its order.
  default Tensor indexSelect(int axis, Tensor indices) {
    return new IndexSelect(axis(axis)).of(self(), indices);
  }

  /// `value` where `mask` is set, which broadcasts to this tensor.
  default Tensor maskedFill(Tensor mask, double value) {
    Shape x = self().shape();
    int lead = x.rank() - mask.shape().rank();
    long[] dims = x.dims();
    boolean fits =
        lead >= 0 && mask.shape().equals(Shape.of(Arrays.copyOfRange(dims, lead, dims.length)));
    return new MaskedFill(value).of(self(), fits ? mask : mask.broadcastTo(x));
  }

  /// The elements where `mask` is set, as a vector; see [MaskedSelect].
  default Tensor maskedSelect(Tensor mask) {
    return MaskedSelect.of(self(), mask);
  }

  /// `y[.., k] = 1` where this index is `k`, else 0, in F32.
  default Tensor oneHot(long classes) {
    return new OneHot(classes, DType.F32).of(self());
  }

  /// The last axis as diagonal `offset` of square matrices of zeros.
  default Tensor diag(long offset) {
    return Diag.square(self().dim(-1), offset).of(self());
  }

  /// Diagonal `offset` of the last two axes.
  default Tensor diagonal(long offset) {
    return Diag.diagonal(self(), offset);
  }

  /// The last two axes with zeros above diagonal `diagonal`.
  default Tensor tril(long diagonal) {
    return new Triangle(true, diagonal).of(self());
  }

  /// The last two axes with zeros below diagonal `diagonal`.
  default Tensor triu(long diagonal) {
    return new Triangle(false, diagonal).of(self());
  }
}

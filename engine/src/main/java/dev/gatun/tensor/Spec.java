package dev.gatun.tensor;

/// What an operator must know of a tensor before any memory is taken: its type and its shape.
public record Spec(DType dtype, Shape shape) {
  /// Bytes of the elements, without padding.
  public long bytes() {
    return shape.elems() * dtype.bytes();
  }

  /// The same type with another shape.
  public Spec withShape(Shape s) {
    return new Spec(dtype, s);
  }

  /// `F32 [2,3]`.
  @Override
  public String toString() {
    return dtype + " " + shape;
  }
}

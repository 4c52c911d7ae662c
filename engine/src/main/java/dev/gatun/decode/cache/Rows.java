package dev.gatun.decode.cache;

import dev.gatun.device.Device;
import dev.gatun.op.shape.ReadRows;
import dev.gatun.op.shape.WriteRows;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;

/// Memory for rows of all heads, `[P, H, N, D]`: `P` buffers of `N` rows. Places are those of
/// [WriteRows].
final class Rows {
  private final Variable cell;

  Rows(Scope home, DType type, long buffers, long heads, long rows, long dim) {
    try (Scope initial = home.device().scope("initial")) {
      // A view of one row: nothing but the cell itself is as large as the cell.
      Tensor zero = initial.zeros(type, Shape.of(1, 1, 1, dim));
      cell = home.state(zero.broadcastTo(Shape.of(buffers, heads, rows, dim)));
    }
  }

  Device device() {
    return cell.value().device();
  }

  long bytes() {
    return cell.value().spec().bytes();
  }

  /// The memory itself, for computing in `step`.
  Tensor in(Scope step) {
    return step.borrow(cell);
  }

  /// Writes `x [B, H, n, D]` to `places`, `B` rows of `n`.
  void write(Tensor x, long[] places) {
    if (places.length == 0) {
      return;
    }
    try (Scope step = device().scope("append")) {
      Tensor at = step.tensor(Shape.of(x.dim(0), x.dim(2)), places);
      cell.value().scope().update(new WriteRows(), List.of(cell), List.of(x.detach(), at));
    }
  }

  /// The rows at `places [B, m]`, `unit` neighbours at a time, in the scope of `places`.
  Tensor read(Tensor places, long unit) {
    return new ReadRows(unit).of(in(places.scope()), places);
  }
}

package dev.gatun.nn.scan;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.List;

/// Where a [ScanLayer] stands in a sequence: tensors whose sizes do not depend on how much of it
/// has been.
///
/// @param parts in the order of the layer
public record ScanState(List<Tensor> parts) {
  /// Takes a copy of the list.
  public ScanState {
    parts = List.copyOf(parts);
  }

  static ScanState of(Tensor... parts) {
    return new ScanState(List.of(parts));
  }

  Tensor part(int i) {
    return parts.get(i);
  }

  /// A copy without gradient that outlives the step which made it.
  public ScanState in(Scope scope) {
    return new ScanState(parts.stream().map(t -> t.in(scope)).toList());
  }
}

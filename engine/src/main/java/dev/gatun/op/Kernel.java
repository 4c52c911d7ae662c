package dev.gatun.op;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.tensor.Spec;
import java.util.List;

/// An op that computes by itself. Its inputs are contiguous, its outputs fresh.
///
/// A kernel that infers no outputs writes its first inputs in place, those that belong to the
/// variables it is run on by [dev.gatun.tensor.Scope#update].
public non-sealed interface Kernel extends Op {
  /// Types and shapes of the outputs, extras last. All checks of types and shapes are here, before
  /// any memory is taken.
  ///
  /// @throws IllegalArgumentException in the form `Op[attributes]: rule; got name shape, ...`
  List<Spec> infer(List<Spec> in);

  /// The definition: plain loops, double accumulators. Everything else is tested against it.
  void reference(Call c);

  /// The fast form on a CPU with vectors. Allocates nothing once compiled.
  default void simd(Call c, Workers w) {
    reference(c);
  }

  /// Bytes of work memory that [#simd] finds in [Call#scratch]; asked only where vectors run.
  default long scratch(List<Spec> in, int workers) {
    return 0;
  }

  /// The OpenCL launches, in order; empty where there is nothing to compute.
  ///
  /// @throws IllegalStateException if this op has none on such a device
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    throw new IllegalStateException(
        this
            + ": there is no OpenCL kernel; got device "
            + d.name()
            + "; run it on the CPU device");
  }

  /// Work of one call, for the benchmarks' percent of the ceiling.
  Cost cost(List<Spec> in);
}

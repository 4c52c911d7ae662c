package dev.gatun.samples.conform;

import dev.gatun.op.sequence.scan.Bidiagonal;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.Tensor;
import java.util.Map;

/// `pararnn_parallel_reduction`: bidiagonal systems with diagonal, block and dense Jacobians.
final class BidiagonalSystems implements Adapter {
  @Override
  public String file() {
    return "pararnn_parallel_reduction";
  }

  @Override
  public Result call(Arguments a) {
    String structure = a.flags().text("structure").orElse("");
    // The size of blocks is that of the last axis.
    a.flags().integer("m");
    Tensor j = a.in("jac");
    Tensor r = a.in("rhs");
    Tensor h =
        switch (structure) {
          case "diag" -> Bidiagonal.diagonal(j, r);
          case "block_diag" -> Bidiagonal.blocks(j, r);
          case "dense" -> Bidiagonal.dense(j, r);
          default -> throw Adapter.missing(structure);
        };
    return new Result(Scan.class, Map.of("sol", h));
  }
}

package dev.gatun.samples.conform;

import dev.gatun.op.sequence.ssd.SegmentSums;
import dev.gatun.op.sequence.ssd.Ssd;
import dev.gatun.op.sequence.ssd.SsdCombined;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `mamba2_ssd`: the scan alone, with what Mamba-2 puts around it, and sums of segments.
final class DualScans implements Adapter {
  @Override
  public String file() {
    return "mamba2_ssd";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "ssd_minimal" -> minimal(a);
      case "ssd_combined" -> combined(a);
      case "segsum" ->
          new Result(
              Optional.empty(),
              Map.of(
                  "s",
                  SegmentSums.of(a.in("x")),
                  "s_unstable",
                  SegmentSums.ofDifferences(a.in("x"))));
      default -> throw Adapter.missing(op);
    };
  }

  private static Result minimal(Arguments a) {
    Optional<Tensor> state = a.find("init").map(s -> s.squeeze(1));
    int chunk = Math.toIntExact(a.flags().integer("block_len", Ssd.CHUNK));
    List<Tensor> in = new ArrayList<>(List.of(a.in("X"), a.in("A"), a.in("Bm"), a.in("Cm")));
    state.ifPresent(in::add);
    List<Tensor> out = new Ssd(chunk, state.isPresent()).apply(in.toArray(Tensor[]::new));
    return new Result(Ssd.class, Map.of("Y", out.get(0), "final_state", out.get(1)));
  }

  private static Result combined(Arguments a) {
    SsdCombined scan =
        SsdCombined.plain()
            .withChunk(Math.toIntExact(a.flags().integer("chunk", Ssd.CHUNK)))
            .withSoftplus(a.flags().bool("dt_softplus", false));
    scan = a.find("D").map(scan::withSkip).orElse(scan);
    scan = a.find("z").map(scan::withGate).orElse(scan);
    scan = a.find("dt_bias").map(scan::withBias).orElse(scan);
    scan = a.find("init").map(scan::withState).orElse(scan);
    SsdCombined.Result r = scan.scan(a.in("x"), a.in("dt"), a.in("A"), a.in("Bm"), a.in("Cm"));
    return new Result(Ssd.class, Map.of("out", r.y(), "final_state", r.last()));
  }
}

package dev.gatun.op;

import java.util.List;
import java.util.Map;

/// One OpenCL kernel launch as plain data. Arguments are the inputs, the outputs, then scratch.
///
/// @param source class-path resource with the program, beside its op
/// @param entry kernel function in it
/// @param defines preprocessor definitions
/// @param global work-items along each axis
/// @param local work-items of a group along each axis; empty leaves it to the driver
/// @param scratchBytes device memory for the launch
public record Launch(
    String source,
    String entry,
    Map<String, String> defines,
    List<Long> global,
    List<Long> local,
    long scratchBytes) {}

package dev.gatun.opencl;

import dev.gatun.bindings.opencl.CL;
import java.io.Serial;
import java.util.Map;

/// An OpenCL call failed: its name, its status by the name of the specification, and what the
/// driver says.
public final class ClException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(CL.CL_DEVICE_NOT_FOUND(), "CL_DEVICE_NOT_FOUND"),
          Map.entry(CL.CL_DEVICE_NOT_AVAILABLE(), "CL_DEVICE_NOT_AVAILABLE"),
          Map.entry(CL.CL_COMPILER_NOT_AVAILABLE(), "CL_COMPILER_NOT_AVAILABLE"),
          Map.entry(CL.CL_MEM_OBJECT_ALLOCATION_FAILURE(), "CL_MEM_OBJECT_ALLOCATION_FAILURE"),
          Map.entry(CL.CL_OUT_OF_RESOURCES(), "CL_OUT_OF_RESOURCES"),
          Map.entry(CL.CL_OUT_OF_HOST_MEMORY(), "CL_OUT_OF_HOST_MEMORY"),
          Map.entry(CL.CL_BUILD_PROGRAM_FAILURE(), "CL_BUILD_PROGRAM_FAILURE"),
          Map.entry(CL.CL_INVALID_VALUE(), "CL_INVALID_VALUE"),
          Map.entry(CL.CL_INVALID_DEVICE(), "CL_INVALID_DEVICE"),
          Map.entry(CL.CL_INVALID_CONTEXT(), "CL_INVALID_CONTEXT"),
          Map.entry(CL.CL_INVALID_COMMAND_QUEUE(), "CL_INVALID_COMMAND_QUEUE"),
          Map.entry(CL.CL_INVALID_MEM_OBJECT(), "CL_INVALID_MEM_OBJECT"),
          Map.entry(CL.CL_INVALID_BINARY(), "CL_INVALID_BINARY"),
          Map.entry(CL.CL_INVALID_BUILD_OPTIONS(), "CL_INVALID_BUILD_OPTIONS"),
          Map.entry(CL.CL_INVALID_PROGRAM(), "CL_INVALID_PROGRAM"),
          Map.entry(CL.CL_INVALID_KERNEL_NAME(), "CL_INVALID_KERNEL_NAME"),
          Map.entry(CL.CL_INVALID_KERNEL(), "CL_INVALID_KERNEL"),
          Map.entry(CL.CL_INVALID_ARG_INDEX(), "CL_INVALID_ARG_INDEX"),
          Map.entry(CL.CL_INVALID_ARG_VALUE(), "CL_INVALID_ARG_VALUE"),
          Map.entry(CL.CL_INVALID_ARG_SIZE(), "CL_INVALID_ARG_SIZE"),
          Map.entry(CL.CL_INVALID_KERNEL_ARGS(), "CL_INVALID_KERNEL_ARGS"),
          Map.entry(CL.CL_INVALID_WORK_GROUP_SIZE(), "CL_INVALID_WORK_GROUP_SIZE"),
          Map.entry(CL.CL_INVALID_BUFFER_SIZE(), "CL_INVALID_BUFFER_SIZE"),
          Map.entry(-1001, "CL_PLATFORM_NOT_FOUND_KHR"));

  private final int status;

  /// @param call the function that failed
  /// @param status what it returned
  /// @param details what is known beside, or ""
  ClException(String call, int status, String details) {
    super(
        "%s: %s (%d)%s"
            .formatted(
                call,
                NAMES.getOrDefault(status, "unknown status"),
                status,
                details.isEmpty() ? "" : "; " + details));
    this.status = status;
  }

  /// The number that the call returned.
  public int status() {
    return status;
  }
}

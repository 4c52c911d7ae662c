/// Between programs that use LWJGL and the OpenCL device. LWJGL is needed only where this is used.
package dev.gatun.opencl.lwjgl;

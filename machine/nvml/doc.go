// Package nvml asks NVIDIA's driver, through libnvidia-ml: which GPUs there are, how they
// are, who has them open, and what happens to them. Only kelvin-gpu imports it; the agent's
// side is package nvidia.
//
// A driver can hang in any call, which nothing here prevents: whoever starts kelvin-gpu kills
// it. It also ends any process that calls a function that it lacks, so that every call passes
// ask, which looks first. What one GPU cannot tell never keeps the rest from being told.
//
// Without cgo, or elsewhere than on Linux, Open says that this build cannot.
package nvml

// Package iface has the types in which the Temporal server describes a compute
// configuration to Client.
package iface

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
)

// ComputeProviderType names what starts workers, such as a function service.
type ComputeProviderType string

// ScalingAlgorithmType names how the number of workers is chosen.
type ScalingAlgorithmType string

// ComputeProviderSpec is what starts workers, and its settings.
type ComputeProviderSpec struct {
	ProviderType  ComputeProviderType
	Config        *commonpb.Payload
	NexusEndpoint string
}

// ScalingAlgorithmSpec is how many workers to start, and its settings.
type ScalingAlgorithmSpec struct {
	ScalingAlgorithm ScalingAlgorithmType
	Config           *commonpb.Payload
}

// ScalingGroupSpec is one group of workers, for some types of tasks.
type ScalingGroupSpec struct {
	TaskTypes []enumspb.TaskQueueType
	Compute   ComputeProviderSpec
	Scaling   *ScalingAlgorithmSpec
}

// ScalingGroupSpecUpdate changes the fields of a group that UpdateMask names.
type ScalingGroupSpecUpdate struct {
	Spec       ScalingGroupSpec
	UpdateMask []string
}

// WorkerControllerInstanceSpec is a whole compute configuration.
type WorkerControllerInstanceSpec struct {
	ScalingGroupSpecs map[string]ScalingGroupSpec
}

// QueryDescribeWorkerControllerInstanceResponse is what Describe would answer.
type QueryDescribeWorkerControllerInstanceResponse struct {
	Spec             *WorkerControllerInstanceSpec
	ValidationStatus *ValidationStatus
}

// UpdateWorkerControllerInstanceResponse is what Update would answer.
type UpdateWorkerControllerInstanceResponse struct {
	Spec *WorkerControllerInstanceSpec
}

// ValidationResult is how the last check of a compute configuration ended.
type ValidationResult string

// ValidationResultFailed is a check that found a fault.
const ValidationResultFailed ValidationResult = "failed"

// ValidationStatus is the last check of a compute configuration.
type ValidationStatus struct {
	LastValidationTime time.Time
	Status             ValidationResult
	ErrMessage         string
}

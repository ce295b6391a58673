# SPDX-License-Identifier: Apache-2.0
mpijobd_unit_test(trigger_schedule FLOORS trigger)
mpijobd_unit_test(trigger_due FLOORS trigger/steps ALLOC)
mpijobd_unit_test(trigger_job_state FLOORS trigger/steps)
mpijobd_unit_test(trigger_waits FLOORS trigger)

using System;
using System.Collections.Generic;
using System.Management.Automation;
using Causeway.ADSync.Api;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Connect's errors as PowerShell tells them: category, id, and what to do.</summary>
internal static class ErrorRecords
{
    private static readonly Dictionary<string, (ErrorCategory Category, string Action)> Known = new Dictionary<string, (ErrorCategory, string)>
    {
        ["not-connected"] = (ErrorCategory.ObjectNotFound, "Run it where Connect runs, or register a connection once with Register-CausewayConnection."),
        ["not-running"] = (ErrorCategory.ConnectionError, "Start Connect with 'causeway connect run', or look at Get-CausewayConnection for the address that was tried."),
        ["not-allowed"] = (ErrorCategory.PermissionDenied, "Run it as root or as a member of the group causeway-admins, or register a connection with a token."),
        ["timed-out"] = (ErrorCategory.OperationTimeout, "Look at 'causeway connect status' and Connect's log for what keeps it busy, then try again."),
        ["certificate-refused"] = (ErrorCategory.SecurityError, "Register the connection anew with the PEM file of the CA that issued Connect's certificate, and the name that is in it."),
        ["bad-ca"] = (ErrorCategory.InvalidData, "Give the PEM file of the CA that issued Connect's certificate."),
        ["bad-address"] = (ErrorCategory.InvalidArgument, "Give https://, a host name and a port."),
        ["bad-token"] = (ErrorCategory.InvalidArgument, "Make a token on Connect's machine with 'causeway connect token create' and give it as a SecureString."),
        ["bad-profile"] = (ErrorCategory.InvalidData, "Register the connection anew with Register-CausewayConnection."),
        ["bad-discovery"] = (ErrorCategory.InvalidData, "Start Connect again; it writes the file anew."),
        ["no-such-connector"] = (ErrorCategory.ObjectNotFound, "Get-ADSyncConnector lists the connectors. Upper and lower case count in their names."),
        ["cycle-in-progress"] = (ErrorCategory.ResourceBusy, "Wait until Get-ADSyncConnectorRunStatus shows nothing, or end the cycle with Stop-ADSyncSyncCycle."),
        ["cycle-stopped"] = (ErrorCategory.OperationStopped, "Start a cycle again with Start-ADSyncSyncCycle, or wait for the next one."),
        ["scheduler-suspended"] = (ErrorCategory.InvalidOperation, "End that with Set-ADSyncScheduler -SchedulerSuspended $false."),
        ["connector-changed"] = (ErrorCategory.InvalidOperation, "Get the connector again with Get-ADSyncConnector, make the change in it, and save that."),
        ["no-such-feature"] = (ErrorCategory.NotImplemented, "Leave the feature off: Get-Help about_ADSync tells what Causeway has not got."),
        ["password-sync-by-pair"] = (ErrorCategory.InvalidOperation, "Use Set-ADSyncAADPasswordSyncConfiguration with the names of the forest's and the tenant's connector."),
        ["threshold-too-large"] = (ErrorCategory.InvalidOperation, "Set deletionThreshold in Connect's configuration; approve a list that waits with Disable-ADSyncExportDeletionThreshold."),
        ["nothing-to-import"] = (ErrorCategory.NotImplemented, "Name the connector of a forest: Get-ADSyncConnector lists them."),
        ["not-synchronized"] = (ErrorCategory.ObjectNotFound, "Get-ADSyncCSObject shows what is filtered, and FilteredBy why."),
        ["bad-answer"] = (ErrorCategory.ProtocolError, "Use the module of the same version as Connect: 'causeway powershell install' on Connect's machine."),
    };

    public static ErrorRecord From(ConnectException error, object? target)
    {
        var (category, action) = Known.TryGetValue(error.Code, out var known) ? known : ByStatus(error.Status);
        // What the present state does not allow is what the original's scripts catch as an InvalidOperationException.
        var exception = error.Status == 409 ? new InvalidOperationException(error.Message, error) : (Exception)error;
        return new ErrorRecord(exception, error.Code, category, target) { ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = action } };
    }

    private static (ErrorCategory, string) ByStatus(int status)
    {
        switch (status)
        {
            case 401: return (ErrorCategory.AuthenticationError, "The token is unknown, revoked or over: make a new one and register the connection anew.");
            case 403: return (ErrorCategory.PermissionDenied, "Run it on Connect's machine as root or as a member of the group causeway-admins.");
            case 404: return (ErrorCategory.ObjectNotFound, "Look at what exists with the Get cmdlets of this module.");
            case 409: return (ErrorCategory.InvalidOperation, "Look at what is there with the Get cmdlets of this module: it is not as the cmdlet expects.");
            case 502: case 503: case 504: return (ErrorCategory.ResourceUnavailable, "Connect cannot reach what it needs: Invoke-ADSyncDiagnostics -PasswordSync says more.");
            case 500: return (ErrorCategory.NotSpecified, "Connect's log says more.");
            default: return (ErrorCategory.InvalidArgument, "Get-Help shows what the cmdlet expects, with examples.");
        }
    }
}

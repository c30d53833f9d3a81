using System;
using System.Collections.Generic;
using System.Management.Automation;
using Causeway.ADSync.Api;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Connect's errors in PowerShell's form: category, id, and what to do.</summary>
internal static class ErrorRecords
{
    private static readonly Dictionary<string, ErrorCategory> Categories = new Dictionary<string, ErrorCategory>
    {
        ["not-connected"] = ErrorCategory.ObjectNotFound,
        ["not-running"] = ErrorCategory.ConnectionError,
        ["timed-out"] = ErrorCategory.OperationTimeout,
        ["certificate-refused"] = ErrorCategory.SecurityError,
        ["bad-ca"] = ErrorCategory.InvalidData,
        ["bad-profile"] = ErrorCategory.InvalidData,
        ["bad-discovery"] = ErrorCategory.InvalidData,
        ["bad-answer"] = ErrorCategory.ProtocolError,
        ["cycle-in-progress"] = ErrorCategory.ResourceBusy,
        ["cycle-stopped"] = ErrorCategory.OperationStopped,
        ["no-such-feature"] = ErrorCategory.NotImplemented,
        ["nothing-to-import"] = ErrorCategory.NotImplemented,
    };

    public static ErrorRecord From(ConnectException error, object? target)
    {
        var (ofStatus, adviceOfStatus) = ByStatus(error.Status);
        var category = Categories.TryGetValue(error.Code, out var known) ? known : ofStatus;
        // A code that this release does not know comes from a newer Connect.
        var action = Advice.Of.TryGetValue(error.Code, out var advice) ? advice : adviceOfStatus;
        // What the present state does not allow is what the original's scripts catch as an InvalidOperationException.
        var exception = error.Status == 409 ? new InvalidOperationException(error.Message, error) : (Exception)error;
        return new ErrorRecord(exception, error.Code, category, target) { ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = action } };
    }

    private static (ErrorCategory, string) ByStatus(int status)
    {
        switch (status)
        {
            case 401: return (ErrorCategory.AuthenticationError, "The token is unknown, revoked or expired. Create a new one, and register the connection again.");
            case 403: return (ErrorCategory.PermissionDenied, "Run the cmdlet on Connect's machine, as root or as a member of the group causeway-admins.");
            case 404: return (ErrorCategory.ObjectNotFound, "Check what exists with the Get cmdlets of this module.");
            case 409: return (ErrorCategory.InvalidOperation, "The cmdlet does not fit the present state. Check it with the Get cmdlets of this module.");
            case 502: case 503: case 504: return (ErrorCategory.ResourceUnavailable, "Connect cannot reach something that it needs. To find out what, run:\n  Invoke-ADSyncDiagnostics -PasswordSync");
            case 500: return (ErrorCategory.NotSpecified, "Check Connect's log.");
            default: return (ErrorCategory.InvalidArgument, "Get-Help shows what the cmdlet expects, with examples.");
        }
    }
}

using System;

namespace Causeway.ADSync.Api;

/// <summary>Why Connect did not do what was asked. The code is stable; the message is for people.</summary>
public sealed class ConnectException : Exception
{
    public ConnectException(string code, string message, Exception? cause = null, int status = 0)
        : base(message, cause)
    {
        Code = code;
        Status = status;
    }

    /// <summary>What programs look at, for example <c>no-such-connector</c>.</summary>
    public string Code { get; }

    /// <summary>HTTP status of the answer; 0 when there was none.</summary>
    public int Status { get; }

    /// <summary>It is about the connection or the caller, so that no further input would fare better.</summary>
    public bool EndsAll => (Status == 0 && Code != "bad-answer") || Status == 401 || Status == 403;
}
